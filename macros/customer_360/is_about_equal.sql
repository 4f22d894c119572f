{#
    Whether two numbers differ by less than `absolute`, or by less than the share `relative` of the greater; two nulls do
    not differ. Never null.
#}
{% macro is_about_equal(left, right, absolute=none, relative=none) -%}
    coalesce(
        abs(cast({{ left }} as double) - cast({{ right }} as double))
        {% if absolute is not none -%}
        < {{ absolute }}e0
        {%- else -%}
        <= {{ relative }}e0
        * greatest(abs(cast({{ left }} as double)), abs(cast({{ right }} as double)))
        {%- endif %},
        {{ left }} is null and {{ right }} is null
    )
{%- endmacro %}
