{#
    A day of birth out of the parts of a text that a form let people type; null unless it can be read in one way only. The
    year has four digits and stands first or last. Which of day and month comes first is told by dots (wherever they
    separate dates the day is first), by a number above 12, or by both being equal. Reads the columns that
    `birth_date_parts` makes: each part is used many times and should be cut out once.
#}
{% macro birth_date() -%}
    case
        when birth_rest != ''
            then null
        when length(birth_first) = 8 and birth_second = ''
            then try_cast(concat(
                substring(birth_first, 1, 4), '-', substring(birth_first, 5, 2),
                '-', substring(birth_first, 7, 2)
            ) as date)
        when length(birth_first) = 4 and length(birth_second) <= 2 and length(birth_third) <= 2
            then try_cast(concat(
                birth_first, '-', lpad(birth_second, 2, '0'), '-', lpad(birth_third, 2, '0')
            ) as date)
        when length(birth_third) != 4 or length(birth_first) > 2 or length(birth_second) > 2
            then null
        when
            is_birth_dotted
            or try_cast(birth_first as bigint) > 12
            or try_cast(birth_first as bigint) = try_cast(birth_second as bigint)
            then try_cast(concat(
                birth_third, '-', lpad(birth_second, 2, '0'), '-', lpad(birth_first, 2, '0')
            ) as date)
        when try_cast(birth_second as bigint) > 12
            then try_cast(concat(
                birth_third, '-', lpad(birth_first, 2, '0'), '-', lpad(birth_second, 2, '0')
            ) as date)
    end
{%- endmacro %}

{# The columns that `birth_date` reads, for a select list; a time of day after the date is left out. #}
{% macro birth_date_parts(text) -%}
    {%- set day_part = "split_part(split_part(trim(" ~ text ~ "), ' ', 1), 'T', 1)" -%}
    {%- set dashed = "translate(" ~ day_part ~ ", './', '--')" -%}
    {%- for name in ['first', 'second', 'third', 'rest'] %}
        split_part({{ dashed }}, '-', {{ loop.index }}) as birth_{{ name }},
    {%- endfor %}
        {{ day_part }} like '%.%' as is_birth_dotted
{%- endmacro %}
