{# How each attribute of a compared pair agrees, as text without any value: `first_name same, email misspelt`. #}
{% macro agreement_list() -%}
    concat_ws(
        ', ',
        {%- for attribute in [
            'first_name', 'last_name', 'email', 'phone', 'national_id', 'birth_date', 'address', 'postal_code', 'city'
        ] %}
        case
            when {{ attribute }}_agreement <> 'missing' then concat('{{ attribute }} ', {{ attribute }}_agreement)
        end,
        {%- endfor %}
        case when is_customer_number_same then 'customer_number same' end,
        case when is_name_swapped then 'names swapped' end,
        case when is_name_assumed then 'name assumed from the address' end
    )
{%- endmacro %}
