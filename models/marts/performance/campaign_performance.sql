with

messages as (

    select * from {{ ref('int_messages_unioned') }}

),

message_days as (

    select * from {{ ref('message_days') }}

    where message_key is not null

),

attributions as (

    select * from {{ ref('order_attributions') }}

),

spend as (

    select * from {{ ref('marketing_spend') }}

),

days_summarized as (

    select
        message_key,
        max(channel) as channel,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date,
        sum(delivered_count) as delivered_count,
        sum(bounced_count) as bounced_count,
        sum(opener_count) as opener_count,
        sum(machine_opened_count) as machine_opened_count,
        sum(clicker_count) as clicker_count,
        sum(unsubscribed_count) as unsubscribed_count,
        sum(marked_spam_count) as marked_spam_count

    from message_days

    group by 1

),

attributions_summarized as (

    select
        message_key,
        count(*) as attributed_order_count,
        count(distinct customer_key) as attributed_customer_count,
        sum(sales_amount) as attributed_sales_amount

    from attributions

    group by 1

),

spend_summarized as (

    select
        campaign_id,
        sum(spend_amount) as spend_amount

    from spend

    group by 1

),

joined as (

    select
        coalesce(messages.message_key, days_summarized.message_key) as message_key,
        messages.message_id,
        messages.source_name,
        messages.message_type,
        messages.name,
        messages.subject,
        coalesce(messages.channel, days_summarized.channel) as channel,
        messages.sent_at,
        days_summarized.first_event_date,
        days_summarized.last_event_date,
        days_summarized.delivered_count,
        days_summarized.bounced_count,
        days_summarized.opener_count,
        days_summarized.machine_opened_count,
        days_summarized.clicker_count,
        days_summarized.unsubscribed_count,
        days_summarized.marked_spam_count,
        attributions_summarized.attributed_order_count,
        attributions_summarized.attributed_customer_count,
        attributions_summarized.attributed_sales_amount,
        spend_summarized.spend_amount

    from messages
    -- A message that was deleted since still has its events.
    full outer join days_summarized on messages.message_key = days_summarized.message_key
    left join attributions_summarized
        on
            coalesce(messages.message_key, days_summarized.message_key)
            = attributions_summarized.message_key
    left join spend_summarized on messages.message_id = spend_summarized.campaign_id

),

final as (

    select
        message_key,
        message_id,
        source_name,
        message_type,
        name,
        subject,
        channel,
        sent_at,
        first_event_date,
        last_event_date,
        cast(coalesce(delivered_count, 0) as bigint) as delivered_count,
        cast(coalesce(bounced_count, 0) as bigint) as bounced_count,
        cast(coalesce(opener_count, 0) as bigint) as opener_count,
        cast(coalesce(machine_opened_count, 0) as bigint) as machine_opened_count,
        cast(coalesce(clicker_count, 0) as bigint) as clicker_count,
        cast(coalesce(unsubscribed_count, 0) as bigint) as unsubscribed_count,
        cast(coalesce(marked_spam_count, 0) as bigint) as marked_spam_count,
        coalesce(attributed_order_count, 0) as attributed_order_count,
        coalesce(attributed_customer_count, 0) as attributed_customer_count,
        cast(coalesce(attributed_sales_amount, 0) as decimal(18, 4)) as attributed_sales_amount,
        cast(spend_amount as decimal(18, 4)) as spend_amount,
        {{ kpi_ratio('delivered_count', '(delivered_count + bounced_count)') }} as delivery_rate,
        {{ kpi_ratio('bounced_count', '(delivered_count + bounced_count)') }} as bounce_rate,
        {{ kpi_ratio('opener_count', 'delivered_count') }} as open_rate,
        {{ kpi_ratio('clicker_count', 'delivered_count') }} as click_rate,
        {{ kpi_ratio('unsubscribed_count', 'delivered_count') }} as unsubscribe_rate,
        {{ kpi_ratio('marked_spam_count', 'delivered_count') }} as spam_rate,
        {{ kpi_ratio('coalesce(attributed_order_count, 0)', 'delivered_count') }} as order_rate,
        {{ kpi_ratio(
            'coalesce(attributed_sales_amount, 0)', 'delivered_count', 'sales_per_delivery_amount'
        ) }} as sales_per_delivery_amount,
        {{ kpi_ratio('(coalesce(attributed_sales_amount, 0) - spend_amount)', 'spend_amount') }}
            as return_on_spend

    from joined

)

select * from final
