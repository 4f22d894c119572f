{#
    A day of birth out of text that a form let people type: null unless it can be read in one way only. The year has four
    digits and stands first or last. Which of day and month comes first is told by dots (wherever they separate dates the
    day is first), by a number above 12, or by both being equal. A time of day after it is ignored.
#}
{% macro birth_date(text) -%}
    {%- set day_part = "split_part(split_part(trim(" ~ text ~ "), ' ', 1), 'T', 1)" -%}
    {%- set dashed = "translate(" ~ day_part ~ ", './', '--')" -%}
    {%- set first = "split_part(" ~ dashed ~ ", '-', 1)" -%}
    {%- set second = "split_part(" ~ dashed ~ ", '-', 2)" -%}
    {%- set third = "split_part(" ~ dashed ~ ", '-', 3)" -%}
    {%- set first_number = "try_cast(" ~ first ~ " as bigint)" -%}
    {%- set second_number = "try_cast(" ~ second ~ " as bigint)" -%}
    case
        when split_part({{ dashed }}, '-', 4) != ''
            then null
        when length({{ first }}) = 8 and {{ second }} = ''
            then try_cast(concat(
                substring({{ first }}, 1, 4), '-', substring({{ first }}, 5, 2),
                '-', substring({{ first }}, 7, 2)
            ) as date)
        when length({{ first }}) = 4 and length({{ second }}) <= 2 and length({{ third }}) <= 2
            then try_cast(concat(
                {{ first }}, '-', lpad({{ second }}, 2, '0'), '-', lpad({{ third }}, 2, '0')
            ) as date)
        when length({{ third }}) != 4 or length({{ first }}) > 2 or length({{ second }}) > 2
            then null
        when
            {{ first_number }} > 12
            or {{ first_number }} = {{ second_number }}
            or {{ day_part }} like '%.%'
            then try_cast(concat(
                {{ third }}, '-', lpad({{ second }}, 2, '0'), '-', lpad({{ first }}, 2, '0')
            ) as date)
        when {{ second_number }} > 12
            then try_cast(concat(
                {{ third }}, '-', lpad({{ first }}, 2, '0'), '-', lpad({{ second }}, 2, '0')
            ) as date)
    end
{%- endmacro %}
