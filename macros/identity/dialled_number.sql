{#
    What somebody would dial: the digits of a phone number as typed, '+' first if it is international. An
    extension is cut off, and so is the trunk zero in '+44 (0)20'; a leading 00 is the '+' of most countries.
#}
{% macro dialled_number(phone) -%}
    {%- set without_extension = "split_part(lower(" ~ phone ~ "), 'x', 1)" -%}
    {%- set without_trunk_zero -%}
        case
            when trim({{ phone }}) like '+%' or trim({{ phone }}) like '00%'
                then replace({{ without_extension }}, '(0)', '')
            else {{ without_extension }}
        end
    {%- endset -%}
    {{ regexp_replace_all(regexp_replace_all(without_trunk_zero, '[^0-9+]+', ''), '^00', '+') }}
{%- endmacro %}
