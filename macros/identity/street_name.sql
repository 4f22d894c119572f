{# Street of an address line, letters only: no house number, flat or word for the kind of street. #}
{% macro street_name(address) -%}
    {%- set unit = '(#|\\b(apt|apartment|apmnt|unit|flat|suite|ste|whg|app|piso))\\b?[ .:#]*[0-9]+.*$' -%}
    {%- set kind = '\\b(street|st|strasse|str|rue|via|calle|avenue|ave|av|road|rd|lane|ln|drive|dr|court|ct|place|pl'
        ~ '|circuit|cct|crescent|cres|close|terrace|tce|way|boulevard|blvd|square|sq|highway|hwy|parkway|pkwy)\\b' -%}
    nullif({{ regexp_replace_all(
        regexp_replace_all(regexp_replace_all(latin_letters(address), unit, ''), kind, ''), '[^\\p{L}]+', ''
    ) }}, '')
{%- endmacro %}
