{# Words as SQL texts, one a line. #}
{% macro quoted_list(words) -%}
    {%- for word in words %}
                '{{ word }}'{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
