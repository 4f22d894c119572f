{# One hash over columns, nulls told apart from empty texts and each value from its neighbours. #}
{% macro hashed_row(columns) -%}
    md5(concat_ws(
        '|'
        {%- for column in columns %},
        coalesce(cast({{ column }} as {{ dbt.type_string() }}), '~')
        {%- endfor %}
    ))
{%- endmacro %}
