with

customers as (

    select * from {{ ref('int_clv_customers_scored') }}

),

messages as (

    select * from {{ ref('int_customer_messages_summarized') }}

),

consents as (

    select * from {{ ref('int_customer_consents_resolved') }}

),

support as (

    select * from {{ ref('int_customer_support_summarized') }}

),

unsubscribed as (

    select customer_key

    from consents

    where channel = 'email' and consent_status = 'unsubscribed'

),

rounded as (

    select
        customers.customer_key,
        customers.as_of_date as as_of,
        cast(
            {{ days_between('customers.last_order_date', 'customers.as_of_date') }} as bigint
        ) as days_since_last_order,
        cast(customers.days_overdue as bigint) as days_overdue,
        round(customers.churn_probability, 9) as churn_probability,
        cast({{ var('churn_horizon_days') }} as bigint) as churn_horizon_days,
        case
            when customers.churn_method not in ('formula', 'last_period')
                then round(customers.p_alive, 9)
        end as p_alive,
        cast(
            customers.churn_probability * customers.predicted_orders * customers.predicted_spend
            as decimal(18, 4)
        ) as value_at_risk,
        customers.churn_method,
        customers.purchase_day_count,
        customers.refund_rate,
        coalesce(support.is_last_csat_bad, false) as is_last_csat_bad,
        coalesce(support.open_ticket_count, 0) as open_ticket_count,
        {{ days_between(
            to_reporting_date('messages.last_email_engaged_at'), 'customers.as_of_date'
        ) }} as days_since_email_engagement,
        unsubscribed.customer_key is not null as is_unsubscribed

    from customers
    left join messages on customers.customer_key = messages.customer_key
    left join support on customers.customer_key = support.customer_key
    left join unsubscribed on customers.customer_key = unsubscribed.customer_key

),

-- What a person can act on first; the probability itself comes from purchases alone.
explained as (

    select
        customer_key,
        as_of,
        days_since_last_order,
        days_overdue,
        churn_probability,
        churn_horizon_days,
        p_alive,
        {{ churn_risk_band('churn_probability') }} as churn_risk_band,
        value_at_risk,
        nullif(concat_ws(
            '; ',
            case
                when is_last_csat_bad then 'unresolved complaint: last support rating was bad'
            end,
            case
                when open_ticket_count > 0
                    then concat(
                        cast(open_ticket_count as {{ dbt.type_string() }}), ' open support tickets'
                    )
            end,
            case
                when days_overdue > 0
                    then concat(
                        'overdue by ', cast(days_overdue as {{ dbt.type_string() }}), ' days'
                    )
            end,
            case
                when is_unsubscribed then 'unsubscribed from e-mail'
                when days_since_email_engagement > {{ var('churn_horizon_days') }}
                    then concat(
                        'engagement falling: no e-mail opened or clicked for ',
                        cast(days_since_email_engagement as {{ dbt.type_string() }}), ' days'
                    )
            end,
            case when refund_rate >= 5e-1 then 'sent back half or more of what they bought' end,
            case when purchase_day_count = 1 then 'has bought only once' end
        ), '') as churn_drivers,
        churn_method

    from rounded

)

select * from explained
