{#
    Fewest edits that turn one text into another: insert, delete, replace a letter, and on DuckDB swap two neighbours.
    Counting swaps is eight times dearer than Levenshtein, so it is done only where it can change the verdict. Spark
    has Levenshtein alone: a swap counts two there.
#}
{% macro edit_distance(left_text, right_text) -%}
    {{ return(adapter.dispatch('edit_distance', 'crm_warehouse')(left_text, right_text)) }}
{%- endmacro %}

{% macro duckdb__edit_distance(left_text, right_text) -%}
    case
        when levenshtein({{ left_text }}, {{ right_text }}) in (2, 3)
            then damerau_levenshtein({{ left_text }}, {{ right_text }})
        else levenshtein({{ left_text }}, {{ right_text }})
    end
{%- endmacro %}

{% macro spark__edit_distance(left_text, right_text) -%}
    levenshtein({{ left_text }}, {{ right_text }})
{%- endmacro %}
