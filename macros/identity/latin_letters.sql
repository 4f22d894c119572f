{#
    A text in lower case with the 26 Latin letters only, as far as letters go: accents off, ß as ss, ø as o, Cyrillic
    by sound, one letter each or none. Umlauts lose their dots; `ue` for ü is left to the comparison, since it is also in
    Samuel. Most texts have nothing to change and are only measured: other letters take more than one byte.
#}
{% macro latin_letters(text) -%}
    {%- set lower = 'lower(' ~ text ~ ')' -%}
    case
        when bit_length({{ lower }}) = 8 * length({{ lower }}) then {{ lower }}
        else translate(
            replace(replace(replace({{ without_accents(lower) }}, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
            'øłđıабвгґдеєёжзиіїйклмнопрстуфхцчшщыэюяьъ',
            'oldiabvggdeeezziiiiklmnoprstufhccssyeua'
        )
    end
{%- endmacro %}
