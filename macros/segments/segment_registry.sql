{#
    `vars.segments` checked and in order of priority: a mistake there stops compilation with the segment's name,
    where Jinja would silently render nothing.
#}
{% macro segment_registry() %}
    {%- set required = ['segment_key', 'segment_type', 'name', 'purpose', 'owner', 'priority', 'rule'] -%}
    {%- set optional = ['valid_from', 'valid_to'] -%}
    {%- set keys = var('segments') | map(attribute='segment_key') | list -%}
    {%- for segment in var('segments') -%}
        {%- set key = segment.segment_key | string -%}
        {%- set problems = {
            'missing fields': required | reject('in', segment) | list,
            'unknown fields': segment | reject('in', required + optional) | list,
            'keys used twice': [key] if keys.count(segment.segment_key) > 1 else [],
            'keys not in snake_case': [] if modules.re.fullmatch('[a-z][a-z0-9_]*', key) else [key],
            'not a column of int_customer_attributes': unknown_columns(segment.rule)
        } -%}
        {%- for problem, words in problems.items() if words -%}
            {{ exceptions.raise_compiler_error(
                "vars.segments: segment " ~ key ~ ": " ~ problem ~ ": " ~ words | join(', ')
            ) }}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(var('segments') | sort(attribute='priority,segment_key')) }}
{% endmacro %}
