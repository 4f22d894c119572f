{#
    How two names agree: missing (either is), same, variant (seeds/given_name_variants.csv), initial, similar (a
    misspelling or a part), unclear (two letters off) or different. A misspelling is rarer than what it misspells, so
    two names that are both common in this shop are two names, however alike: Joan and John, Maria and Mario.
#}
{% macro name_agreement(left_name, right_name, left_count, right_count, is_variant='false') -%}
    {%- set shorter = 'least(length(' ~ left_name ~ '), length(' ~ right_name ~ '))' -%}
    {%- set distance = edit_distance(left_name, right_name) -%}
    case
        when {{ left_name }} is null or {{ right_name }} is null then 'missing'
        when {{ left_name }} = {{ right_name }} then 'same'
        when {{ is_variant }} then 'variant'
        when {{ shorter }} = 1 then case
            when substring({{ left_name }}, 1, 1) = substring({{ right_name }}, 1, 1) then 'initial'
            else 'different'
        end
        when
            least({{ left_count }}, {{ right_count }}) > 3
            and least({{ left_count }}, {{ right_count }}) * 10 > greatest({{ left_count }}, {{ right_count }})
            then 'different'
        when {{ shorter }} >= 3 and (
            substring({{ left_name }}, 1, length({{ right_name }})) = {{ right_name }}
            or substring({{ right_name }}, 1, length({{ left_name }})) = {{ left_name }}
        ) then 'similar'
        when {{ shorter }} >= 5 and (
            right({{ left_name }}, length({{ right_name }})) = {{ right_name }}
            or right({{ right_name }}, length({{ left_name }})) = {{ left_name }}
        ) then 'similar'
        when {{ shorter }} = 2 and length({{ left_name }}) = length({{ right_name }}) and (
            substring({{ left_name }}, 1, 1) = substring({{ right_name }}, 1, 1)
            or substring({{ left_name }}, 2, 1) = substring({{ right_name }}, 2, 1)
        ) then 'unclear'
        when abs(length({{ left_name }}) - length({{ right_name }})) > 2 or {{ shorter }} < 3 then 'different'
        when {{ distance }} <= case when {{ shorter }} >= 7 then 2 else 1 end then 'similar'
        when {{ shorter }} >= 5 and {{ distance }} <= 2 then 'unclear'
        else 'different'
    end
{%- endmacro %}
