-- One list and one aggregate: three aggregates by order and three joins cost more.
with

refunds as (

    select * from {{ ref('refunds') }}

),

transactions as (

    select * from {{ ref('int_transactions_unioned') }}

),

fulfillments as (

    select * from {{ ref('int_fulfillments_unioned') }}

),

-- `authorization` reserves money, `sale` and `capture` take it.
unioned as (

    select
        order_key,
        refund_amount,
        cast(null as decimal(18, 4)) as paid_amount,
        cast(null as {{ dbt.type_string() }}) as payment_method,
        cast(null as timestamp) as fulfilled_at

    from refunds

    where is_counted

    union all

    select
        order_key,
        null as refund_amount,
        amount as paid_amount,
        -- A gift card pays what nothing else did. The tilde sorts behind every name, so that it is
        -- the method only where it is alone.
        case
            when gateway = 'gift_card' then '~gift_card'
            else gateway
        end as payment_method,
        null as fulfilled_at

    from transactions

    where
        transaction_type in ('sale', 'capture')
        and status = 'success'
        and not coalesce(is_test, false)

    union all

    select
        order_key,
        null as refund_amount,
        null as paid_amount,
        null as payment_method,
        fulfilled_at

    from fulfillments

    where status is null or status not in ('cancelled', 'error', 'failure')

),

summarized as (

    select
        order_key,
        sum(refund_amount) as refund_amount,
        sum(paid_amount) as paid_amount,
        replace(min(payment_method), '~', '') as payment_method,
        min(fulfilled_at) as fulfilled_at

    from unioned

    group by order_key

)

select * from summarized
