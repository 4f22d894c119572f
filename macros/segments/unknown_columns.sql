{#
    Words of a rule that are neither SQL nor a column of `int_customer_attributes`: the warehouse's own message
    shows whichever rule comes last. Reads the project's YAML, not the warehouse; unit tests have none.
#}
{% macro unknown_columns(rule) %}
    {%- set sql_words = [
        'and', 'or', 'not', 'is', 'null', 'true', 'false', 'in', 'between', 'like', 'case', 'when', 'then', 'else',
        'end', 'as', 'distinct', 'from', 'date', 'timestamp', 'bigint', 'double', 'decimal', 'string'
    ] -%}
    {%- set unknown = [] -%}
    {%- if execute and graph.nodes is defined -%}
        {%- set columns = graph.nodes['model.' ~ project_name ~ '.int_customer_attributes'].columns -%}
        {%- set words = modules.re.findall('[a-z_][a-z0-9_]*(?![a-z0-9_]*\\s*[(])',
            modules.re.sub("'[^']*'", '', rule | string | lower)) -%}
        {%- for word in words if word not in columns and word not in sql_words -%}
            {%- do unknown.append(word) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(unknown) }}
{% endmacro %}
