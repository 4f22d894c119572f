{#
    Whether a `normalized_name` ends in a legal form: a company in a field for people. Only forms that no name of a person
    ends in; `AG` and `Inc` are left out for Lovag and Princ. Never null.
#}
{% macro is_company_name(name) -%}
    coalesce(
        {%- for form in ['gmbh', 'gmbhcokg', 'llc', 'ltd', 'limited', 'sarl', 'srl', 'spzoo'] %}
        {{ name }} like '%_{{ form }}'{{ ' or' if not loop.last }}
        {%- endfor %},
        false
    )
{%- endmacro %}
