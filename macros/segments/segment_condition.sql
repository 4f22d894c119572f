{# Whether a row of `int_customer_attributes` is in the segment on its `as_of` day; never null. #}
{% macro segment_condition(segment) -%}
    coalesce((
        {{- segment.rule }})
        {%- if segment.get('valid_from') %} and as_of >= cast('{{ segment.valid_from }}' as date){% endif %}
        {%- if segment.get('valid_to') %} and as_of <= cast('{{ segment.valid_to }}' as date){% endif -%}
    , false)
{%- endmacro %}
