{#
    `vars.segments` checked and in order of priority: a mistake there stops compilation with the segment's name,
    where Jinja would silently render nothing.
#}
{% macro segment_registry() %}
    {%- set required = ['segment_key', 'segment_type', 'name', 'purpose', 'owner', 'priority', 'rule'] -%}
    {%- set keys = [] -%}
    {%- for segment in var('segments') -%}
        {%- set missing = required | reject('in', segment) | list -%}
        {%- set unknown = segment | reject('in', required + ['valid_from', 'valid_to']) | list -%}
        {%- if missing or unknown or segment.segment_key in keys
                or not modules.re.fullmatch('[a-z][a-z0-9_]*', segment.segment_key | string) -%}
            {{ exceptions.raise_compiler_error(
                "vars.segments: segment " ~ segment.get('segment_key') ~ " (entry " ~ loop.index ~ ") must have a unique"
                ~ " snake_case segment_key; missing: " ~ missing ~ ", unknown: " ~ unknown
            ) }}
        {%- endif -%}
        {%- do keys.append(segment.segment_key) -%}
    {%- endfor -%}
    {{ return(var('segments') | sort(attribute='priority,segment_key')) }}
{% endmacro %}
