{#
    E.164 of a `dialled_number` in a country of the `phone_countries` seed; null when it cannot be one. Without '+' or
    trunk prefix it may be an international number that lost its '+', or a national one: the first where the country
    dials a trunk prefix, the second where it dials none.
#}
{% macro phone_e164(dialled, country) -%}
    {%- set idd = "nullif(" ~ country ~ ".international_prefix, '')" -%}
    {%- set trunk = "nullif(" ~ country ~ ".trunk_prefix, '')" -%}
    {%- set code = 'cast(' ~ country ~ '.calling_code as ' ~ dbt.type_string() ~ ')' -%}
    {%- set national -%}
        case
            when {{ trunk }} is not null and {{ dialled }} like concat({{ trunk }}, '%')
                then substring({{ dialled }}, length({{ trunk }}) + 1)
            else {{ dialled }}
        end
    {%- endset -%}
    {%- set after_code = 'substring(' ~ dialled ~ ', length(' ~ code ~ ') + 1)' -%}
    {%- set fits = 'between ' ~ country ~ '.min_length and ' ~ country ~ '.max_length' -%}
    case
        when {{ dialled }} like '+0%' or {{ dialled }} like '_%+%' then null
        when {{ trunk }} = '0' and {{ dialled }} like concat('+', {{ code }}, '0%')
            then concat('+', {{ code }}, substring({{ dialled }}, length({{ code }}) + 3))
        when {{ dialled }} like '+%'
            then case when length({{ dialled }}) between 8 and 16 then {{ dialled }} end
        when
            {{ idd }} is not null
            and {{ dialled }} like concat({{ idd }}, '%')
            and length({{ dialled }}) - length({{ idd }}) between 8 and 15
            then concat('+', substring({{ dialled }}, length({{ idd }}) + 1))
        when
            {{ trunk }} is not null
            and {{ dialled }} not like concat({{ trunk }}, '%')
            and {{ dialled }} like concat({{ code }}, '%')
            and length({{ after_code }}) {{ fits }}
            then concat('+', {{ dialled }})
        when length({{ national }}) {{ fits }} then concat('+', {{ code }}, {{ national }})
        when {{ dialled }} like concat({{ code }}, '%') and length({{ after_code }}) {{ fits }}
            then concat('+', {{ dialled }})
    end
{%- endmacro %}
