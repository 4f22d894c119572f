{# A name reduced to its letters, for comparison only: lower case, without accents, spaces and punctuation. #}
{% macro normalized_name(name) -%}
    {%- set plain_letters -%}
        translate(lower({{ name }}), 'àáâãäåçèéêëìíîïñòóôõöøùúûüýÿžšćčđł', 'aaaaaaceeeeiiiinoooooouuuuyyzsccdl')
    {%- endset -%}
    nullif({{ regexp_replace_all(plain_letters, '[^\\p{L}]', '') }}, '')
{%- endmacro %}
