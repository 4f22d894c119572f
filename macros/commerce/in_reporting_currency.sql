{#
    An order's amount in the reporting currency. Most orders need no conversion, which is what the case saves; the
    cast sits in both branches, or all rows would pass through the wider type of the product.
#}
{% macro in_reporting_currency(amount) -%}
    case
        when exchange_rate = 1 then cast({{ amount }} as decimal(18, 4))
        else cast({{ amount }} * exchange_rate as decimal(18, 4))
    end
{%- endmacro %}
