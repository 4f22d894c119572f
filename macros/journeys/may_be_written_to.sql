{# Whether a channel may be used for a message that needs `consent` (marketing or service), as `customers` know it. #}
{% macro may_be_written_to(channel, consent, customers) -%}
    coalesce(
        case
            when {{ channel }} = 'email' and {{ consent }} = 'marketing' then {{ customers }}.is_email_contactable
            when {{ channel }} = 'email' and {{ consent }} = 'service'
                then
                    {{ customers }}.email is not null
                    and not {{ customers }}.is_email_suppressed
                    and not {{ customers }}.is_email_bounced
                    and not {{ customers }}.has_marked_email_spam
            when {{ channel }} = 'sms' and {{ consent }} = 'marketing' then {{ customers }}.is_sms_contactable
            when {{ channel }} = 'sms' and {{ consent }} = 'service'
                then
                    {{ customers }}.phone is not null
                    and not {{ customers }}.is_sms_suppressed
                    and not {{ customers }}.is_sms_bounced
        end,
        false
    )
{%- endmacro %}
