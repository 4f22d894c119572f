{#
    The mailbox an address delivers to: lower case, without plus tag; Gmail's two domains are one and its dots
    don't count. Null when it cannot be an address (no single '@', no dot in the domain, white space).
#}
{% macro normalized_email(email) -%}
    {%- set address = 'lower(trim(' ~ email ~ '))' -%}
    {%- set mailbox = "split_part(split_part(" ~ address ~ ", '@', 1), '+', 1)" -%}
    {%- set domain = "split_part(" ~ address ~ ", '@', 2)" -%}
    case
        when {{ address }} not like '_%@_%.__%' then null
        when {{ address }} like '%@%@%' or {{ address }} like '% %' then null
        when {{ mailbox }} = '' then {{ address }}
        when {{ domain }} in ('gmail.com', 'googlemail.com')
            then concat(replace({{ mailbox }}, '.', ''), '@gmail.com')
        else concat({{ mailbox }}, '@', {{ domain }})
    end
{%- endmacro %}
