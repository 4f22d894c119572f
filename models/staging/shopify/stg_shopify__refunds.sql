with

refunds as (

    select
        source_name,
        {{ numeric_key('id') }} as refund_key,
        {{ numeric_key('order_id') }} as order_key,

        coalesce(processed_at, created_at) as refunded_at

    from {{ source('shopify', 'refund') }}

),

refunded_lines as (

    select
        {{ numeric_key('id') }} as refund_line_key,
        {{ numeric_key('refund_id') }} as refund_key,
        {{ numeric_key('order_line_id') }} as order_line_key,
        quantity,
        subtotal,
        total_tax

    from {{ source('shopify', 'order_line_refund') }}

),

adjustments as (

    -- Numbered apart from the lines: below zero.
    select
        -{{ numeric_key('id') }} as refund_line_key,
        {{ numeric_key('refund_id') }} as refund_key,
        kind,
        reason,
        amount,
        tax_amount

    from {{ source('shopify', 'order_adjustment') }}

),

-- Neither kind of row has a time of its own: the inner join with the refund dates it.
lines_dated as (

    select
        refunds.source_name,
        refunded_lines.refund_line_key,
        refunds.refund_key,
        refunds.order_key,
        refunded_lines.order_line_key,
        'line' as refund_type,

        refunded_lines.quantity,
        refunded_lines.subtotal as refund_amount,
        refunded_lines.total_tax as tax_amount,

        refunds.refunded_at

    from refunded_lines

    inner join refunds on refunded_lines.refund_key = refunds.refund_key

),

adjustments_dated as (

    select
        refunds.source_name,
        adjustments.refund_line_key,
        refunds.refund_key,
        refunds.order_key,
        cast(null as bigint) as order_line_key,
        -- GraphQL has no `kind` and only says it in the reason.
        case
            when lower(coalesce(adjustments.kind, adjustments.reason)) like '%shipping%'
                then 'shipping'
            else 'adjustment'
        end as refund_type,

        cast(null as bigint) as quantity,
        adjustments.amount as adjustment_amount,
        adjustments.tax_amount as adjustment_tax_amount,

        refunds.refunded_at

    from adjustments

    inner join refunds on adjustments.refund_key = refunds.refund_key

),

-- An adjustment is the change of the order's value, so money that went back is negative. A
-- discrepancy can go either way; shipping refunds come with both signs and only ever go back.
adjustments_signed as (

    select
        source_name,
        refund_line_key,
        refund_key,
        order_key,
        order_line_key,
        refund_type,

        quantity,
        case
            when refund_type = 'shipping' then abs(adjustment_amount)
            else -adjustment_amount
        end as refund_amount,
        case
            when refund_type = 'shipping' then abs(adjustment_tax_amount)
            else -adjustment_tax_amount
        end as tax_amount,

        refunded_at

    from adjustments_dated

),

unioned as (

    select * from lines_dated

    union all

    select * from adjustments_signed

),

keyed as (

    select
        source_name,
        'shopify' as platform,
        refund_line_key,
        refund_key,
        order_key,
        order_line_key,
        refund_type,

        quantity,
        refund_amount,
        coalesce(tax_amount, 0) as tax_amount,

        refunded_at

    from unioned

)

select * from keyed
