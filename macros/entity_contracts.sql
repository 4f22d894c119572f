{#
    The contract every platform's staging models meet: domain -> entity -> {column: portable type}.
    Right of staging nobody knows a platform. Timestamps are UTC; amounts are in the order's currency
    (`currency_code`); a `_key` is ours and unique, a `_id` is the platform's and unique only within `source_name`.
    Keys of commerce records are whole numbers (macros/numeric_key.sql), of people, messages and tickets texts
    (macros/entity_key.sql).
#}
{% macro entity_contracts() %}
    {% set money = 'decimal(18, 4)' %}
    {% set origin = {'source_name': 'string', 'platform': 'string'} %}
    {{ return({
        'commerce': {
            'customers': dict(origin, **{
                'record_key': 'string', 'customer_id': 'string', 'email': 'string', 'phone': 'string',
                'first_name': 'string', 'last_name': 'string', 'address_line': 'string', 'city': 'string',
                'region': 'string', 'postal_code': 'string', 'country_code': 'string',
                'is_email_verified': 'boolean', 'email_consent_status': 'string',
                'email_consent_at': 'timestamp', 'created_at': 'timestamp', 'loaded_at': 'timestamp'
            }),
            'orders': dict(origin, **{
                'order_key': 'bigint', 'order_id': 'string', 'order_name': 'string',
                'customer_record_key': 'string', 'record_key': 'string', 'email': 'string', 'phone': 'string',
                'first_name': 'string', 'last_name': 'string', 'address_line': 'string', 'city': 'string',
                'region': 'string', 'postal_code': 'string', 'country_code': 'string',
                'ordered_at': 'timestamp', 'cancelled_at': 'timestamp', 'cancel_reason': 'string',
                'is_test': 'boolean', 'is_draft': 'boolean', 'is_voided': 'boolean',
                'is_tax_included': 'boolean', 'currency_code': 'string', 'total_amount': money,
                'tax_amount': money, 'shipping_amount': money, 'tip_amount': money,
                'financial_status': 'string', 'fulfillment_status': 'string', 'delivery_method': 'string',
                'sales_channel': 'string', 'customer_locale': 'string', 'loaded_at': 'timestamp'
            }),
            'order_lines': dict(origin, **{
                'order_line_key': 'bigint', 'order_key': 'bigint', 'order_line_id': 'string',
                'product_key': 'bigint', 'variant_key': 'bigint', 'sku': 'string', 'title': 'string',
                'variant_title': 'string', 'vendor': 'string', 'quantity': 'bigint',
                'gross_amount': money, 'discount_amount': money, 'tax_amount': money,
                'is_gift_card': 'boolean'
            }),
            'refunds': dict(origin, **{
                'refund_line_key': 'bigint', 'refund_key': 'bigint', 'order_key': 'bigint',
                'order_line_key': 'bigint', 'refund_type': 'string', 'quantity': 'bigint',
                'refund_amount': money, 'tax_amount': money, 'refunded_at': 'timestamp'
            }),
            'transactions': dict(origin, **{
                'transaction_key': 'bigint', 'order_key': 'bigint', 'transaction_type': 'string',
                'status': 'string', 'gateway': 'string', 'amount': money, 'currency_code': 'string',
                'is_test': 'boolean', 'processed_at': 'timestamp'
            }),
            'discounts': dict(origin, **{
                'discount_key': 'string', 'order_key': 'bigint', 'discount_code': 'string',
                'discount_type': 'string', 'title': 'string', 'amount': money
            }),
            'fulfillments': dict(origin, **{
                'fulfillment_key': 'bigint', 'order_key': 'bigint', 'status': 'string',
                'shipment_status': 'string', 'carrier': 'string', 'fulfilled_at': 'timestamp'
            }),
            'fulfillment_events': dict(origin, **{
                'fulfillment_event_key': 'bigint', 'fulfillment_key': 'bigint', 'event_type': 'string',
                'estimated_delivery_at': 'timestamp', 'occurred_at': 'timestamp'
            }),
            'checkouts': dict(origin, **{
                'checkout_key': 'bigint', 'checkout_id': 'string', 'customer_record_key': 'string',
                'record_key': 'string', 'email': 'string', 'phone': 'string',
                'first_name': 'string', 'last_name': 'string',
                'currency_code': 'string', 'total_amount': money, 'started_at': 'timestamp',
                'completed_at': 'timestamp'
            }),
            'products': dict(origin, **{
                'product_key': 'bigint', 'product_id': 'string', 'title': 'string',
                'product_type': 'string', 'vendor': 'string', 'status': 'string',
                'created_at': 'timestamp', 'published_at': 'timestamp'
            }),
            'product_variants': dict(origin, **{
                'variant_key': 'bigint', 'variant_id': 'string', 'product_key': 'bigint',
                'product_id': 'string', 'title': 'string', 'sku': 'string', 'size': 'string',
                'colour': 'string', 'stock_quantity': 'bigint', 'stock_changed_at': 'timestamp',
                'unit_cost_amount': money, 'cost_currency_code': 'string'
            })
        },
        'messaging': {
            'profiles': dict(origin, **{
                'record_key': 'string', 'profile_id': 'string', 'external_id': 'string',
                'email': 'string', 'phone': 'string', 'first_name': 'string', 'last_name': 'string',
                'birthday': 'string', 'address_line': 'string', 'city': 'string',
                'region': 'string', 'postal_code': 'string', 'country_code': 'string',
                'timezone': 'string', 'locale': 'string', 'birth_date': 'date',
                'created_at': 'timestamp', 'loaded_at': 'timestamp'
            }),
            'consents': dict(origin, **{
                'consent_key': 'string', 'record_key': 'string', 'channel': 'string',
                'consent_status': 'string', 'consent_source': 'string', 'changed_at': 'timestamp'
            }),
            'messages': dict(origin, **{
                'message_key': 'string', 'message_id': 'string', 'message_type': 'string',
                'name': 'string', 'subject': 'string', 'channel': 'string', 'sent_at': 'timestamp'
            }),
            'message_events': dict(origin, **{
                'message_event_key': 'string', 'record_key': 'string', 'message_key': 'string',
                'variation_id': 'string', 'event_type': 'string', 'channel': 'string',
                'is_machine_open': 'boolean', 'bounce_type': 'string', 'occurred_at': 'timestamp'
            }),
            'site_events': dict(origin, **{
                'site_event_key': 'string', 'record_key': 'string', 'event_type': 'string',
                'product_id': 'string', 'variant_id': 'string', 'product_title': 'string',
                'amount': money, 'occurred_at': 'timestamp'
            })
        },
        'helpdesk': {
            'requesters': dict(origin, **{
                'record_key': 'string', 'requester_id': 'string', 'external_id': 'string', 'email': 'string', 'phone': 'string',
                'full_name': 'string', 'locale': 'string', 'created_at': 'timestamp',
                'loaded_at': 'timestamp'
            }),
            'agents': dict(origin, **{
                'agent_key': 'string', 'agent_id': 'string', 'name': 'string', 'role': 'string'
            }),
            'tickets': dict(origin, **{
                'ticket_key': 'string', 'ticket_id': 'string', 'record_key': 'string',
                'agent_key': 'string', 'channel': 'string', 'subject': 'string', 'topic': 'string',
                'status': 'string', 'priority': 'string', 'ticket_opened_at': 'timestamp',
                'loaded_at': 'timestamp'
            }),
            'ticket_messages': dict(origin, **{
                'ticket_message_key': 'string', 'ticket_key': 'string', 'author_type': 'string',
                'is_public': 'boolean', 'body': 'string', 'sent_at': 'timestamp'
            }),
            'ticket_events': dict(origin, **{
                'ticket_event_key': 'string', 'ticket_key': 'string', 'event_type': 'string',
                'value': 'string', 'occurred_at': 'timestamp'
            }),
            'satisfaction_ratings': dict(origin, **{
                'rating_key': 'string', 'ticket_key': 'string', 'score': 'string',
                'is_satisfied': 'boolean', 'comment': 'string', 'rated_at': 'timestamp'
            })
        },
        'feedback': {
            'feedback_answers': dict(origin, **{
                'feedback_key': 'string', 'record_key': 'string', 'answer_id': 'string',
                'customer_number': 'string', 'email': 'string', 'first_name': 'string',
                'last_name': 'string', 'feedback_type': 'string', 'score': 'double',
                'product_id': 'string', 'comment': 'string', 'answered_at': 'timestamp'
            })
        },
        'marketing': {
            'marketing_spend': dict(origin, **{
                'marketing_spend_key': 'string', 'spend_date': 'date', 'channel': 'string',
                'campaign_id': 'string', 'campaign_name': 'string', 'currency_code': 'string',
                'spend_amount': money, 'impression_count': 'bigint', 'click_count': 'bigint'
            })
        },
        'journeys': {
            'journey_sends': dict(origin, **{
                'journey_send_key': 'string', 'journey_key': 'string', 'customer_key': 'string',
                'subject_key': 'string', 'channel': 'string', 'sent_at': 'timestamp'
            })
        }
    }) }}
{% endmacro %}
