{# An address line that begins with its house: `Flat 28, 95 Grange Road` names the flat first. #}
{% macro without_leading_flat(address) -%}
    {{ regexp_replace_all(address, '^ *(?i:flat|apt|apartment|unit|suite|ste|appt|app|whg)[ .:#]*[0-9]+[a-zA-Z]? *,', '') }}
{%- endmacro %}
