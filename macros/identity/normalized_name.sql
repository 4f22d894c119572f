{# A name reduced to its letters, for comparison only: lower case, Latin, without spaces and punctuation. #}
{% macro normalized_name(name) -%}
    nullif({{ regexp_replace_all(latin_letters(name), '[^\\p{L}]+', '') }}, '')
{%- endmacro %}
