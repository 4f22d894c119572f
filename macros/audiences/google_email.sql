{#
    An address as Google hashes it, from a trimmed one in lower case: in Gmail's two domains without dots and plus tag,
    everywhere else as it is. Not `normalized_email`, which makes one domain of Gmail's two and drops every plus tag.
#}
{% macro google_email(address) -%}
    case
        when {{ address }} like '%@gmail.com' or {{ address }} like '%@googlemail.com'
            then concat(
                replace(split_part(split_part({{ address }}, '@', 1), '+', 1), '.', ''),
                '@',
                split_part({{ address }}, '@', 2)
            )
        else {{ address }}
    end
{%- endmacro %}
