{#
    How two birth dates (yyyymmdd) agree: missing, same, similar (one of year, month and day differs, or day and month
    change places), misspelt (two digits), unclear (a year apart, or one part agrees) or different.
#}
{% macro birth_date_agreement(left_date, right_date) -%}
    {%- set parts -%}
        (
            case when substring({{ left_date }}, 1, 4) = substring({{ right_date }}, 1, 4) then 1 else 0 end
            + case when substring({{ left_date }}, 5, 2) = substring({{ right_date }}, 5, 2) then 1 else 0 end
            + case when substring({{ left_date }}, 7, 2) = substring({{ right_date }}, 7, 2) then 1 else 0 end
        )
    {%- endset -%}
    case
        when {{ left_date }} is null or {{ right_date }} is null then 'missing'
        when {{ left_date }} = {{ right_date }} then 'same'
        when {{ parts }} = 2 then 'similar'
        when
            substring({{ left_date }}, 1, 4) = substring({{ right_date }}, 1, 4)
            and substring({{ left_date }}, 5, 2) = substring({{ right_date }}, 7, 2)
            and substring({{ left_date }}, 7, 2) = substring({{ right_date }}, 5, 2)
            then 'similar'
        when {{ edit_distance(left_date, right_date) }} <= 2 then 'misspelt'
        when {{ parts }} = 1 then 'unclear'
        when
            abs(
                cast(substring({{ left_date }}, 1, 4) as int)
                - cast(substring({{ right_date }}, 1, 4) as int)
            ) <= 1
            then 'unclear'
        else 'different'
    end
{%- endmacro %}
