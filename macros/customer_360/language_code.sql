{# The language of a locale such as `de-DE`, `pt_BR` or `en`; null where it is no language at all. #}
{% macro language_code(locale) -%}
    case
        when length(split_part(replace({{ locale }}, '_', '-'), '-', 1)) in (2, 3)
            then lower(split_part(replace({{ locale }}, '_', '-'), '-', 1))
    end
{%- endmacro %}
