{#
    One relation per entity contract: every platform's staging model of that entity, columns cast to the
    contract and in its order. Every platform of a domain provides every entity of it (`empty_entity` where
    it has nothing to offer), so nothing here asks the warehouse what exists.
#}
{% macro union_entity(domain, entity) %}
    {%- set columns = entity_contract(domain, entity) -%}
    {%- set platforms = var('platforms').get(domain, []) -%}
    {%- for platform in platforms %}
    select
        {%- for column, type in columns.items() %}
        cast({{ column }} as {{ engine_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_' ~ platform ~ '__' ~ entity) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ empty_entity(domain, entity) }}
    {%- endfor %}
{% endmacro %}

{# The columns of one contract; an unknown name is an error, where Jinja would silently emit nothing. #}
{% macro entity_contract(domain, entity) %}
    {%- set contracts = entity_contracts() -%}
    {%- if domain not in contracts or entity not in contracts[domain] -%}
        {{ exceptions.raise_compiler_error("No entity contract '" ~ domain ~ "." ~ entity ~ "' in macros/entity_contracts.sql") }}
    {%- endif -%}
    {{ return(contracts[domain][entity]) }}
{% endmacro %}

{# A typed relation without rows, for an entity that a platform does not have. #}
{% macro empty_entity(domain, entity) %}
    select
        {%- for column, type in entity_contract(domain, entity).items() %}
        cast(null as {{ engine_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
{% endmacro %}
