{#
    A birth date as yyyymmdd, from any order of year, month and day that begins or ends with the year; null where it
    is none. Which of day and month comes first cannot be told; the comparison forgives that.
#}
{% macro birth_date_digits(birth_date) -%}
    {%- set digits = regexp_replace_all('split_part(cast(' ~ birth_date ~ ' as ' ~ dbt.type_string() ~ "), ' ', 1)",
        '[^0-9]+', '') -%}
    case
        when length({{ digits }}) <> 8 then null
        when substring({{ digits }}, 1, 2) in ('18', '19', '20') then {{ digits }}
        when substring({{ digits }}, 5, 2) in ('18', '19', '20') then concat(
            substring({{ digits }}, 5, 4), substring({{ digits }}, 3, 2), substring({{ digits }}, 1, 2)
        )
    end
{%- endmacro %}
