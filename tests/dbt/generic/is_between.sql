{#
    Values outside [min_value, max_value], either of which may be left out. Nulls pass (`not_null` is for them);
    NaN and infinity sort above every number, so an upper bound catches them.
#}
{% test is_between(model, column_name, min_value=none, max_value=none) %}

select {{ column_name }}

from {{ model }}

where
    1 = 0
    {%- if min_value is not none %}
    or {{ column_name }} < {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or {{ column_name }} > {{ max_value }}
    {%- endif %}

{% endtest %}
