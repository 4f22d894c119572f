{#
    The first row per key of `relation` in `order_by`, which must end in a tiebreaker and state the order of
    nulls. Adds the column `record_rank` (always 1).
#}
{% macro latest_record(relation, partition_by, order_by) -%}
    select *
    from (
        select
            *,
            row_number() over (
                partition by {{ partition_by | join(', ') }}
                order by {{ order_by }}
            ) as record_rank
        from {{ relation }}
    ) as ranked
    where record_rank = 1
{%- endmacro %}
