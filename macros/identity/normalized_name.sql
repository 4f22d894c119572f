{# A name reduced to its letters, for comparison only: lower case, without accents, spaces and punctuation. #}
{% macro normalized_name(name) -%}
    nullif({{ regexp_replace_all(without_accents('lower(' ~ name ~ ')'), '[^\\p{L}]+', '') }}, '')
{%- endmacro %}
