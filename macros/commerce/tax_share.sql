{#
    The part of an order's tax that falls on `amount` of its goods, when goods and shipping bear it in proportion.
    All of it, unrounded, where the amount is everything the order charged for.
#}
{% macro tax_share(amount) -%}
    case
        when {{ amount }} = lines_amount + shipping_amount then order_tax_amount
        else coalesce(
            cast(round(
                cast(order_tax_amount as double) * cast({{ amount }} as double)
                / nullif(cast(lines_amount + shipping_amount as double), 0), 2
            ) as decimal(18, 4)), 0
        )
    end
{%- endmacro %}
