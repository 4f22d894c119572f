{#
    The ledger: what every dbt invocation did to this warehouse, written by dbt itself. Publishing believes
    nothing else (crm_warehouse/publish/ledger.py). Append-only: an invocation has a row when it starts and
    one more when it ends, so one without the second was interrupted.
#}
{% macro ledger_start() %}
    {%- if ledger_is_on() -%}
        {%- do ledger_create_tables() -%}
        {%- do ledger_insert_invocation('started') -%}
    {%- endif -%}
{% endmacro %}

{% macro ledger_end(results) %}
    {%- if ledger_is_on() -%}
        {%- do ledger_insert_results(results) -%}
        {%- set bad = results | rejectattr('status', 'in', ['success', 'pass', 'warn', 'no-op']) | list -%}
        {%- do ledger_insert_invocation('failed' if bad else 'success') -%}
    {%- endif -%}
{% endmacro %}

{# `compile` and `docs generate` render hooks without running anything: they are no invocation to record. #}
{% macro ledger_is_on() %}
    {{- return(execute and invocation_args_dict.get('which') not in ['compile', 'generate']) -}}
{% endmacro %}

{% macro ledger_create_tables() %}
    {%- set text = dbt.type_string() -%}
    {%- do adapter.create_schema(api.Relation.create(database=target.database, schema='pipeline')) -%}
    {%- do run_query(
        'create table if not exists pipeline.dbt_invocations (invocation_id ' ~ text ~ ', build_id ' ~ text
        ~ ', command ' ~ text ~ ', arguments ' ~ text ~ ', graph_hash ' ~ text
        ~ ', started_at timestamp, finished_at timestamp, status ' ~ text ~ ')'
    ) -%}
    {%- do run_query(
        'create table if not exists pipeline.dbt_node_results (invocation_id ' ~ text ~ ', build_id ' ~ text
        ~ ', unique_id ' ~ text ~ ', resource_type ' ~ text ~ ', status ' ~ text
        ~ ', failures bigint, message ' ~ text ~ ', finished_at timestamp)'
    ) -%}
{% endmacro %}

{% macro ledger_insert_invocation(status) %}
    {%- set now = modules.datetime.datetime.now(modules.pytz.utc) -%}
    {%- set arguments = {} -%}
    {%- for name in ['select', 'exclude', 'empty', 'sample', 'defer', 'full_refresh', 'vars'] -%}
        {%- do arguments.update({name: invocation_args_dict.get(name)}) -%}
    {%- endfor -%}
    {%- do run_query(
        'insert into pipeline.dbt_invocations values (' ~ [
            ledger_text(invocation_id),
            ledger_text(env_var('CRM_BUILD_ID', '')),
            ledger_text(invocation_args_dict.get('which')),
            ledger_text(tojson(arguments, default='{}')),
            ledger_text(ledger_graph_hash()),
            ledger_timestamp(run_started_at if status != 'started' else now),
            ledger_timestamp(now if status != 'started' else none),
            ledger_text(status)
        ] | join(', ') ~ ')'
    ) -%}
{% endmacro %}

{# A few statements of many rows: one insert per node would cost more than the nodes. #}
{% macro ledger_insert_results(results) %}
    {%- set rows = [] -%}
    {%- for result in results -%}
        {%- do rows.append('(' ~ [
            ledger_text(invocation_id),
            ledger_text(env_var('CRM_BUILD_ID', '')),
            ledger_text(result.node.unique_id),
            ledger_text(result.node.resource_type),
            ledger_text(result.status),
            'cast(' ~ (result.failures if result.failures is not none else 'null') ~ ' as bigint)',
            ledger_text(ledger_message(result.message)),
            ledger_timestamp((result.timing | last).completed_at if result.timing else none)
        ] | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- for chunk in rows | batch(500) -%}
        {%- do run_query('insert into pipeline.dbt_node_results values ' ~ chunk | join(', ')) -%}
    {%- endfor -%}
{% endmacro %}

{#
    Fingerprint of the project this invocation ran, so that publishing can tell whether the manifest it reads is
    that project's. Same rule as `manifest_fingerprint` in crm_warehouse/publish/ledger.py.
#}
{% macro ledger_graph_hash() %}
    {%- set lines = [] -%}
    {%- for unique_id in graph.nodes | sort -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- if node.resource_type in ['model', 'seed', 'snapshot', 'test'] -%}
            {%- set parts = [unique_id, node.checksum.checksum] -%}
            {%- for name in ['materialized', 'severity', 'warn_if', 'error_if', 'where', 'limit'] -%}
                {%- do parts.append(node.config.get(name, '') | string) -%}
            {%- endfor -%}
            {%- do lines.append(parts | join('|')) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(local_md5(lines | join('\n'))) -}}
{% endmacro %}

{# dbt's words without the data: the first line, and of the database's error only its kind. #}
{% macro ledger_message(message) %}
    {%- set lines = (message or '').split('\n') -%}
    {%- set kind = lines[1].split(':')[0] | trim if lines | length > 1 and ':' in lines[1] else '' -%}
    {{- return((lines[0] ~ (': ' ~ kind[:40] if kind else ''))[:200]) -}}
{% endmacro %}

{% macro ledger_text(value) %}
    {{- return("cast(null as " ~ dbt.type_string() ~ ")" if value is none or value == '' else
        "'" ~ dbt.escape_single_quotes(value | string) ~ "'") -}}
{% endmacro %}

{% macro ledger_timestamp(value) %}
    {{- return('cast(null as timestamp)' if value is none else
        "cast('" ~ value.replace(tzinfo=none).isoformat(sep=' ') ~ "' as timestamp)") -}}
{% endmacro %}
