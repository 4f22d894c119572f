{#
    The mailbox that an address delivers to, from the address in lower case: no plus tag; Gmail's two domains are
    one and its dots don't count. Null when it cannot be an address (not one '@', no dot in the domain, a space).
#}
{% macro normalized_email(address) -%}
    {%- set mailbox = "split_part(split_part(" ~ address ~ ", '@', 1), '+', 1)" -%}
    {%- set domain = "split_part(" ~ address ~ ", '@', 2)" -%}
    case
        when {{ address }} not like '_%@_%.__%' then null
        when {{ address }} like '%@%@%' or {{ address }} like '% %' then null
        when {{ address }} like '+%' then {{ address }}
        when {{ address }} like '%@gmail.com' or {{ address }} like '%@googlemail.com'
            then concat(replace({{ mailbox }}, '.', ''), '@gmail.com')
        when {{ address }} like '%+%@%' then concat({{ mailbox }}, '@', {{ domain }})
        else {{ address }}
    end
{%- endmacro %}
