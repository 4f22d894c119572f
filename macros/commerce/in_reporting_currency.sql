{# An order's amount in the reporting currency. Most orders need no conversion, which is what the case saves. #}
{% macro in_reporting_currency(amount) -%}
    case
        when exchange_rate = 1 then {{ amount }}
        else cast({{ amount }} * exchange_rate as decimal(18, 4))
    end
{%- endmacro %}
