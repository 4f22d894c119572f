{#
    A score to six significant digits, unless told otherwise. What lies beyond the sixth is noise of the engine (sums in
    another order), and two runs over the same data must compare equal. Below 1e-12 a score is 0. A large score is divided
    by a whole power of ten, since a fraction such as 0.1 has no exact double.
#}
{% macro round_significant(score, digits=6) -%}
    {%- set places = '(' ~ (digits - 1) ~ 'e0 - floor(ln(abs(' ~ score ~ ')) / ln(1e1) + 1e-12))' -%}
    case
        when abs({{ score }}) < 1e-12 then 0e0
        when abs({{ score }}) < 1e6
            then round({{ score }} * power(1e1, {{ places }})) / power(1e1, {{ places }})
        else round({{ score }} / power(1e1, -{{ places }})) * power(1e1, -{{ places }})
    end
{%- endmacro %}
