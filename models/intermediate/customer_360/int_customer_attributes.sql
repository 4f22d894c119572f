{{ config(materialized='table', contract={'enforced': true}) }}

with

customers as (

    select * from {{ ref('customers') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

languages as (

    select * from {{ ref('int_customer_languages_resolved') }}

),

birth_dates as (

    select * from {{ ref('int_customer_birth_dates_resolved') }}

),

consents as (

    select * from {{ ref('int_customer_consents_resolved') }}

),

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

purchases as (

    select * from {{ ref('int_customer_purchases_compared') }}

),

products as (

    select * from {{ ref('int_customer_products_summarized') }}

),

habits as (

    select * from {{ ref('int_customer_order_habits_summarized') }}

),

deliveries as (

    select * from {{ ref('int_customer_deliveries_summarized') }}

),

attributions as (

    select * from {{ ref('int_customer_attributions_summarized') }}

),

messages as (

    select * from {{ ref('int_customer_messages_summarized') }}

),

site_events as (

    select * from {{ ref('int_customer_site_events_summarized') }}

),

carts as (

    select * from {{ ref('int_customer_carts_summarized') }}

),

support as (

    select * from {{ ref('int_customer_support_summarized') }}

),

feedback as (

    select * from {{ ref('int_customer_feedback_summarized') }}

),

recoveries as (

    select * from {{ ref('int_customer_recoveries_summarized') }}

),

loyalty as (

    select * from {{ ref('int_customer_loyalty_assigned') }}

),

rfm as (

    select * from {{ ref('int_customer_rfm_scored') }}

),

clv as (

    select * from {{ ref('customer_clv') }}

),

churn as (

    select * from {{ ref('customer_churn') }}

),

catalogue as (

    select
        product_key,
        title

    from {{ ref('products') }}

),

next_products as (

    select
        customer_key,
        product_key

    from {{ ref('customer_next_products') }}

    where product_rank = 1

),

consents_pivoted as (

    select
        customer_key,
        max(consent_status) filter (where channel = 'email') as email_consent_status,
        max(consent_source) filter (where channel = 'email') as email_consent_source,
        max(consent_at) filter (where channel = 'email') as email_consent_at,
        max(consent_status) filter (where channel = 'sms') as sms_consent_status,
        max(consent_source) filter (where channel = 'sms') as sms_consent_source,
        max(consent_at) filter (where channel = 'sms') as sms_consent_at,
        count(*) filter (where channel = 'email' and is_suppressed) > 0 as is_email_suppressed,
        max(suppressed_at) filter (where channel = 'email') as email_suppressed_at,
        count(*) filter (where channel = 'email' and is_bounced) > 0 as is_email_bounced,
        max(bounced_at) filter (where channel = 'email') as email_bounced_at,
        count(*) filter (
            where channel = 'email' and has_marked_spam
        ) > 0 as has_marked_email_spam,
        max(marked_spam_at) filter (where channel = 'email') as email_marked_spam_at,
        count(*) filter (where channel = 'sms' and is_suppressed) > 0 as is_sms_suppressed,
        max(suppressed_at) filter (where channel = 'sms') as sms_suppressed_at,
        count(*) filter (where channel = 'sms' and is_bounced) > 0 as is_sms_bounced,
        max(bounced_at) filter (where channel = 'sms') as sms_bounced_at

    from consents

    group by 1

),

joined as (

    select
        customers.customer_key,
        run_context.as_of_date as as_of,

        customers.email,
        customers.email_source,
        customers.email_recorded_at,
        customers.phone,
        customers.phone_source,
        customers.phone_recorded_at,
        customers.first_name,
        customers.last_name,
        customers.name_source,
        customers.name_recorded_at,
        customers.address_line,
        customers.city,
        customers.region,
        customers.postal_code,
        customers.country_code,
        customers.address_source,
        customers.address_recorded_at,
        birth_dates.birth_date,
        birth_dates.birth_date_source,
        languages.language_code,
        languages.language_source,
        messages.preferred_channel,
        messages.usual_response_hour,
        customers.first_seen_at,
        customers.source_count,
        customers.record_count,

        coalesce(consents_pivoted.email_consent_status, 'unknown') as email_consent_status,
        consents_pivoted.email_consent_source,
        consents_pivoted.email_consent_at,
        customers.email is not null
        and coalesce(consents_pivoted.email_consent_status = 'subscribed', false)
            as is_email_contactable,
        coalesce(consents_pivoted.is_email_suppressed, false) as is_email_suppressed,
        consents_pivoted.email_suppressed_at,
        coalesce(consents_pivoted.is_email_bounced, false) as is_email_bounced,
        consents_pivoted.email_bounced_at,
        coalesce(consents_pivoted.has_marked_email_spam, false) as has_marked_email_spam,
        consents_pivoted.email_marked_spam_at,
        coalesce(consents_pivoted.sms_consent_status, 'unknown') as sms_consent_status,
        consents_pivoted.sms_consent_source,
        consents_pivoted.sms_consent_at,
        customers.phone is not null
        and coalesce(consents_pivoted.sms_consent_status = 'subscribed', false)
            as is_sms_contactable,
        coalesce(consents_pivoted.is_sms_suppressed, false) as is_sms_suppressed,
        consents_pivoted.sms_suppressed_at,
        coalesce(consents_pivoted.is_sms_bounced, false) as is_sms_bounced,
        consents_pivoted.sms_bounced_at,

        run_context.reporting_currency_code as currency_code,
        customer_orders.first_ordered_at,
        customer_orders.last_ordered_at,
        customer_orders.first_purchase_date,
        purchases.previous_purchase_date,
        customer_orders.last_purchase_date,
        {{ days_between('customer_orders.first_purchase_date', 'run_context.as_of_date') }}
            as days_since_first_purchase,
        {{ days_between('customer_orders.last_purchase_date', 'run_context.as_of_date') }}
            as days_since_last_purchase,
        {{ days_between('purchases.previous_purchase_date', 'customer_orders.last_purchase_date') }}
            as last_purchase_gap_days,
        customer_orders.average_days_between_orders,
        customer_orders.stddev_days_between_orders,
        cast(coalesce(customer_orders.order_count, 0) as bigint) as order_count,
        cast(coalesce(customer_orders.purchase_day_count, 0) as bigint) as purchase_day_count,
        cast(coalesce(customer_orders.cancelled_order_count, 0) as bigint) as cancelled_order_count,
        cast(coalesce(customer_orders.refunded_order_count, 0) as bigint) as refunded_order_count,
        cast(coalesce(customer_orders.zero_value_order_count, 0) as bigint)
            as zero_value_order_count,
        cast(coalesce(customer_orders.discounted_order_count, 0) as bigint)
            as discounted_order_count,
        cast(coalesce(customer_orders.item_quantity, 0) as bigint) as item_quantity,
        coalesce(customer_orders.gross_amount, 0) as gross_amount,
        coalesce(customer_orders.discount_amount, 0) as discount_amount,
        coalesce(customer_orders.sales_amount, 0) as sales_amount,
        coalesce(customer_orders.refund_amount, 0) as refund_amount,
        coalesce(customer_orders.net_amount, 0) as net_amount,
        coalesce(customer_orders.annual_net_amount, 0) as annual_net_amount,
        coalesce(customer_orders.costed_net_amount, 0) as costed_net_amount,
        customer_orders.margin_amount,
        round(
            cast(customer_orders.margin_amount as double)
            / nullif(cast(customer_orders.costed_net_amount as double), 0e0), 6
        ) as margin_rate,
        round(
            cast(customer_orders.costed_net_amount as double)
            / nullif(cast(customer_orders.net_amount as double), 0e0), 6
        ) as costed_net_share,
        coalesce(customer_orders.tax_amount, 0) as tax_amount,
        coalesce(customer_orders.shipping_amount, 0) as shipping_amount,
        customer_orders.average_order_amount,
        customer_orders.discount_rate,
        round(
            cast(customer_orders.refund_amount as double)
            / nullif(cast(customer_orders.sales_amount as double), 0e0), 6
        ) as refund_rate,
        round(
            cast(customer_orders.item_quantity as double)
            / nullif(cast(customer_orders.order_count as double), 0e0), 2
        ) as average_items_per_order,
        coalesce(habits.returned_item_quantity, 0) as returned_item_quantity,
        {{ capped_rate('habits.returned_item_quantity', 'customer_orders.item_quantity') }}
            as return_rate,
        habits.preferred_delivery_method,
        habits.preferred_payment_method,
        coalesce(deliveries.delivery_count, 0) as delivery_count,
        coalesce(deliveries.late_delivery_count, 0) as late_delivery_count,
        deliveries.late_delivery_rate,
        deliveries.last_late_delivery_at,
        customer_orders.first_sales_channel,
        customer_orders.last_sales_channel,
        products.preferred_product_type,
        products.preferred_vendor,
        products.preferred_product_key,
        preferred_titles.title as preferred_product_title,
        coalesce(products.rebought_product_count, 0) as rebought_product_count,
        coalesce(products.product_type_count, 0) as product_type_count,
        products.preferred_size,
        coalesce(products.preferred_size_quantity, 0) as preferred_size_quantity,
        products.preferred_size_share,
        products.preferred_colour,
        coalesce(products.preferred_colour_quantity, 0) as preferred_colour_quantity,
        products.preferred_colour_share,

        coalesce(messages.email_sent_count, 0) as email_sent_count,
        coalesce(messages.email_delivered_count, 0) as email_delivered_count,
        coalesce(messages.email_bounced_count, 0) as email_bounced_count,
        coalesce(messages.email_hard_bounced_count, 0) as email_hard_bounced_count,
        coalesce(messages.email_opened_count, 0) as email_opened_count,
        coalesce(messages.email_message_opened_count, 0) as email_message_opened_count,
        coalesce(messages.email_machine_opened_count, 0) as email_machine_opened_count,
        coalesce(messages.email_clicked_count, 0) as email_clicked_count,
        coalesce(messages.email_message_clicked_count, 0) as email_message_clicked_count,
        coalesce(messages.email_unsubscribed_count, 0) as email_unsubscribed_count,
        coalesce(messages.email_marked_spam_count, 0) as email_marked_spam_count,
        messages.email_open_rate,
        messages.email_machine_open_rate,
        messages.email_click_rate,
        messages.email_bounce_rate,
        coalesce(attributions.attributed_order_count, 0) as attributed_order_count,
        coalesce(attributions.attributed_sales_amount, 0) as attributed_sales_amount,
        messages.last_email_sent_at,
        messages.last_email_opened_at,
        messages.last_email_clicked_at,
        {{ days_between(
            to_reporting_date('messages.last_email_engaged_at'), 'run_context.as_of_date'
        ) }} as days_since_last_email_engagement,
        coalesce(messages.sms_sent_count, 0) as sms_sent_count,
        coalesce(messages.sms_delivered_count, 0) as sms_delivered_count,
        coalesce(messages.sms_bounced_count, 0) as sms_bounced_count,
        coalesce(messages.sms_clicked_count, 0) as sms_clicked_count,
        coalesce(messages.sms_unsubscribed_count, 0) as sms_unsubscribed_count,
        messages.sms_click_rate,
        messages.last_sms_sent_at,
        messages.last_sms_clicked_at,

        coalesce(site_events.site_event_count, 0) as site_event_count,
        coalesce(site_events.product_view_count, 0) as product_view_count,
        coalesce(site_events.viewed_product_count, 0) as viewed_product_count,
        coalesce(site_events.cart_addition_count, 0) as cart_addition_count,
        site_events.last_site_event_at,
        site_events.last_product_viewed_at,
        site_events.last_viewed_product_id,
        site_events.last_viewed_product_title,

        coalesce(carts.checkout_count, 0) as checkout_count,
        coalesce(carts.abandoned_checkout_count, 0) as abandoned_checkout_count,
        coalesce(carts.abandoned_checkout_amount, 0) as abandoned_checkout_amount,
        coalesce(carts.recovered_checkout_count, 0) as recovered_checkout_count,
        coalesce(carts.recovered_checkout_amount, 0) as recovered_checkout_amount,
        carts.last_checkout_started_at,
        carts.last_checkout_outcome,
        coalesce(carts.open_checkout_count, 0) as open_checkout_count,
        carts.open_checkout_started_at,
        carts.open_checkout_amount,
        {{ days_between(
            to_reporting_date('carts.open_checkout_started_at'), 'run_context.as_of_date'
        ) }} as days_since_open_checkout,

        coalesce(support.ticket_count, 0) as ticket_count,
        coalesce(support.open_ticket_count, 0) as open_ticket_count,
        coalesce(support.pending_ticket_count, 0) as pending_ticket_count,
        coalesce(support.solved_ticket_count, 0) as solved_ticket_count,
        coalesce(support.reopened_ticket_count, 0) as reopened_ticket_count,
        coalesce(support.email_ticket_count, 0) as email_ticket_count,
        coalesce(support.web_ticket_count, 0) as web_ticket_count,
        coalesce(support.chat_ticket_count, 0) as chat_ticket_count,
        coalesce(support.phone_ticket_count, 0) as phone_ticket_count,
        coalesce(support.social_ticket_count, 0) as social_ticket_count,
        coalesce(support.other_ticket_count, 0) as other_ticket_count,
        support.last_ticket_channel,
        coalesce(support.open_ticket_count, 0) > 0 as has_open_problem,
        coalesce(support.support_message_count, 0) as support_message_count,
        support.first_ticket_opened_at,
        support.last_ticket_opened_at,
        support.oldest_open_ticket_opened_at,
        support.average_first_reply_minutes,
        support.average_resolution_minutes,
        coalesce(support.csat_count, 0) as csat_count,
        coalesce(support.satisfied_csat_count, 0) as satisfied_csat_count,
        support.csat_rate,
        support.last_csat_rated_at,
        coalesce(support.is_last_csat_bad, false) as is_last_csat_bad,
        support.average_sentiment_score,
        support.last_sentiment_score,
        support.last_sentiment_at,
        coalesce(support.angry_message_count, 0) as angry_message_count,
        coalesce(support.disappointed_message_count, 0) as disappointed_message_count,
        recoveries.last_bad_experience_at,
        recoveries.last_bad_experience_reason,
        recoveries.last_bad_experience_outcome,
        recoveries.has_ordered_since_bad_experience,

        coalesce(feedback.nps_count, 0) as nps_count,
        feedback.nps_score,
        feedback.nps_group,
        feedback.last_nps_at,
        {{ days_between(
            to_reporting_date('feedback.last_nps_at'), 'run_context.as_of_date'
        ) }} as days_since_last_nps,
        coalesce(feedback.review_count, 0) as review_count,
        feedback.average_review_score,
        feedback.last_review_score,
        feedback.last_reviewed_at,

        loyalty.loyalty_tier,
        rfm.recency_score,
        rfm.frequency_score,
        rfm.monetary_score,
        clv.historic_value,
        clv.formula_value,
        clv.predicted_orders,
        clv.predicted_avg_order_value,
        clv.predicted_revenue,
        clv.total_value,
        clv.historic_margin,
        clv.predicted_margin,
        clv.total_margin,
        clv.value_tier,
        clv.expected_next_order_date,
        clv.days_overdue,
        next_products.product_key as next_product_key,
        next_titles.title as next_product_title,
        clv.clv_horizon_days,
        clv.clv_method,
        clv.p_alive,
        churn.churn_probability,
        churn.churn_horizon_days,
        churn.churn_risk_band,
        churn.churn_method

    from customers
    cross join run_context
    left join languages on customers.customer_key = languages.customer_key
    left join birth_dates on customers.customer_key = birth_dates.customer_key
    left join consents_pivoted on customers.customer_key = consents_pivoted.customer_key
    left join customer_orders on customers.customer_key = customer_orders.customer_key
    left join purchases on customers.customer_key = purchases.customer_key
    left join products on customers.customer_key = products.customer_key
    left join habits on customers.customer_key = habits.customer_key
    left join deliveries on customers.customer_key = deliveries.customer_key
    left join attributions on customers.customer_key = attributions.customer_key
    left join messages on customers.customer_key = messages.customer_key
    left join site_events on customers.customer_key = site_events.customer_key
    left join carts on customers.customer_key = carts.customer_key
    left join support on customers.customer_key = support.customer_key
    left join feedback on customers.customer_key = feedback.customer_key
    left join recoveries on customers.customer_key = recoveries.customer_key
    left join loyalty on customers.customer_key = loyalty.customer_key
    left join rfm on customers.customer_key = rfm.customer_key
    left join clv on customers.customer_key = clv.customer_key
    left join next_products on customers.customer_key = next_products.customer_key
    left join catalogue as next_titles on next_products.product_key = next_titles.product_key
    left join catalogue as preferred_titles
        on products.preferred_product_key = preferred_titles.product_key
    left join churn on customers.customer_key = churn.customer_key

)

select * from joined
