{# Why an order does not count: the first reason that applies, from "never an order" to "an order undone"; null counts. #}
{% macro order_exclusion_reason(orders) -%}
    case
        when {{ orders }}.is_test then 'test'
        when {{ orders }}.is_draft then 'draft'
        when {{ orders }}.is_voided then 'voided'
        when {{ orders }}.cancelled_at is not null then 'cancelled'
    end
{%- endmacro %}
