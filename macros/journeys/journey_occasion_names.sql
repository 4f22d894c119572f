{# What a journey can begin with, in the order of docs/journeys.md. #}
{% macro journey_occasion_names() -%}
    {{ return([
        'customer_first_seen', 'checkout_abandoned', 'order_placed', 'order_delivered', 'delivery_overdue',
        'replenishment_due', 'next_product_found', 'purchase_silence', 'email_silence', 'product_launched', 'birthday',
        'bad_experience', 'experience_made_good', 'back_in_stock', 'nps_detractor', 'nps_promoter'
    ]) }}
{%- endmacro %}
