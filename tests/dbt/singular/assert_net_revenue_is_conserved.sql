-- Fails when orders, lines or net revenue of a shop differ between `orders` and the tables
-- conform wrote. The rules of docs/rules-of-revenue.md, said a second time in the shop's own
-- words: nothing of our models is reused, so an order lost or doubled, in staging too, shows
-- here.
{{ config(meta={'dagster': {'ref': {'name': 'orders'}}}) }}

with

run_context as (

    select * from {{ source('pipeline', 'run_context') }}

),

shops as (

    select
        source_name,
        upper(min(currency_code)) as currency_code

    from {{ source('shopify', 'shop') }}

    group by source_name

),

payments as (

    select
        source_name,
        order_id,
        count(*) filter (where lower(kind) = 'void' and lower(status) = 'success') as void_count

    from {{ source('shopify', 'transaction') }}

    where
        order_id in (
            select id
            from {{ source('shopify', 'order') }}
            where lower(financial_status) = 'voided'
        )

    group by source_name, order_id

),

shop_orders as (

    select
        orders.source_name,
        orders.id,
        not coalesce(orders.test, false)
        and orders.cancelled_at is null
        and (
            lower(coalesce(orders.financial_status, '')) != 'voided'
            or payments.void_count = 0
        ) as is_counted,
        coalesce(orders.taxes_included, false) as taxes_included,
        coalesce(orders.total_tax, 0) as total_tax,
        coalesce(orders.total_shipping, 0) as total_shipping,
        upper(coalesce(orders.currency_code, shops.currency_code)) as currency_code,
        {{ to_reporting_date('coalesce(orders.processed_at, orders.created_at)') }} as order_date

    from {{ source('shopify', 'order') }} as orders
    left join shops
        on orders.source_name = shops.source_name
    left join payments
        on
            orders.source_name = payments.source_name
            and orders.id = payments.order_id

),

currency_days as (

    select
        shop_orders.currency_code,
        shop_orders.order_date,
        max(exchange_rates.valid_from) as valid_from

    from shop_orders
    cross join run_context
    inner join {{ ref('exchange_rates') }} as exchange_rates
        on
            shop_orders.currency_code = exchange_rates.currency_code
            and run_context.reporting_currency_code = exchange_rates.reporting_currency_code
            and shop_orders.order_date >= exchange_rates.valid_from

    where shop_orders.currency_code != run_context.reporting_currency_code

    group by shop_orders.currency_code, shop_orders.order_date

),

rated_orders as (

    select
        shop_orders.source_name,
        shop_orders.id,
        shop_orders.is_counted,
        shop_orders.taxes_included,
        shop_orders.total_tax,
        shop_orders.total_shipping,
        coalesce(exchange_rates.exchange_rate, 1) as rate

    from shop_orders
    cross join run_context
    left join currency_days
        on
            shop_orders.currency_code = currency_days.currency_code
            and shop_orders.order_date = currency_days.order_date
    left join {{ ref('exchange_rates') }} as exchange_rates
        on
            currency_days.currency_code = exchange_rates.currency_code
            and currency_days.valid_from = exchange_rates.valid_from
            and run_context.reporting_currency_code = exchange_rates.reporting_currency_code

),

discounts as (

    select
        source_name,
        order_line_id,
        sum(amount) as amount

    from {{ source('shopify', 'discount_allocation') }}

    group by source_name, order_line_id

),

discounting_shops as (

    select source_name
    from discounts
    group by source_name

),

taxes as (

    select
        tax_line.source_name,
        tax_line.order_line_id,
        sum(tax_line.price) as amount

    from {{ source('shopify', 'tax_line') }} as tax_line

    where
        tax_line.source_name in (
            select source_name
            from {{ source('shopify', 'order') }}
            where taxes_included
        )

    group by tax_line.source_name, tax_line.order_line_id

),

paid_lines as (

    select
        order_line.source_name,
        order_line.order_id,
        rated_orders.is_counted and not coalesce(order_line.is_gift_card, false) as is_revenue,
        rated_orders.taxes_included,
        rated_orders.total_tax,
        rated_orders.total_shipping,
        rated_orders.rate,
        taxes.amount as tax,
        cast(
            coalesce(order_line.original_total, order_line.price * order_line.quantity)
            as decimal(18, 4)
        )
        - cast(coalesce(
            discounts.amount,
            case when discounting_shops.source_name is null then order_line.total_discount end, 0
        ) as decimal(18, 4)) as paid

    from {{ source('shopify', 'order_line') }} as order_line
    inner join rated_orders
        on
            order_line.source_name = rated_orders.source_name
            and order_line.order_id = rated_orders.id
    left join discounts
        on
            order_line.source_name = discounts.source_name
            and order_line.id = discounts.order_line_id
    left join discounting_shops
        on order_line.source_name = discounting_shops.source_name
    left join taxes
        on
            order_line.source_name = taxes.source_name
            and order_line.id = taxes.order_line_id

),

-- Only orders at prices that include tax need to be told apart; all others of a shop are one row.
sold_by_order as (

    select
        source_name,
        case when taxes_included and total_tax > 0 then order_id end as taxed_order_id,
        count(*) as line_count,
        sum(
            case
                when not is_revenue then 0
                when rate = 1 and not taxes_included then cast(paid as decimal(18, 4))
                else cast(
                    (paid - case when taxes_included then coalesce(tax, 0) else 0 end) * rate
                    as decimal(18, 4)
                )
            end
        ) as amount,
        count(tax) as told_tax_count,
        count(*) filter (where is_revenue) as revenue_line_count,
        sum(paid) filter (where is_revenue) as paid,
        max(total_tax) as total_tax,
        max(total_shipping) as total_shipping,
        max(rate) as rate

    from paid_lines

    group by
        source_name,
        case when taxes_included and total_tax > 0 then order_id end

),

-- Included tax that no tax line tells: goods and shipping bear the order's tax in proportion.
sold_untaxed as (

    select
        source_name,
        line_count,
        amount,
        rate * case
            when taxed_order_id is null or told_tax_count > 0 or coalesce(paid, 0) = 0 then 0
            when total_shipping = 0 then total_tax
            else cast(round(
                cast(total_tax as double) * cast(paid as double)
                / cast(paid + total_shipping as double), 2
            ) as decimal(18, 4))
        end as untold_tax,
        -- Only sharing and converting together round lines and orders apart.
        case
            when taxed_order_id is null or told_tax_count > 0 or rate = 1 then 0
            else revenue_line_count * 0.0001
        end as rounding

    from sold_by_order

),

sold as (

    select
        source_name,
        sum(line_count) as line_count,
        sum(amount) - sum(untold_tax) as amount,
        sum(rounding) as rounding

    from sold_untaxed

    group by source_name

),

gift_cards as (

    select
        source_name,
        id

    from {{ source('shopify', 'order_line') }}

    where is_gift_card

),

refunded as (

    select
        refund.source_name,
        sum(cast(
            (
                order_line_refund.subtotal
                - case
                    when rated_orders.taxes_included then coalesce(order_line_refund.total_tax, 0)
                    else 0
                end
            ) * rated_orders.rate as decimal(18, 4)
        )) as amount

    from {{ source('shopify', 'order_line_refund') }} as order_line_refund
    inner join {{ source('shopify', 'refund') }} as refund
        on
            order_line_refund.source_name = refund.source_name
            and order_line_refund.refund_id = refund.id
    inner join rated_orders
        on
            refund.source_name = rated_orders.source_name
            and refund.order_id = rated_orders.id
    left join gift_cards
        on
            order_line_refund.source_name = gift_cards.source_name
            and order_line_refund.order_line_id = gift_cards.id

    where
        rated_orders.is_counted
        and gift_cards.id is null

    group by refund.source_name

),

counted as (

    select
        source_name,
        count(*) as order_count

    from shop_orders

    group by source_name

),

expected as (

    select
        counted.source_name,
        counted.order_count,
        coalesce(sold.line_count, 0) as line_count,
        coalesce(sold.amount, 0) - coalesce(refunded.amount, 0) as net_amount,
        0.005 + coalesce(sold.rounding, 0) as tolerance

    from counted
    left join sold
        on counted.source_name = sold.source_name
    left join refunded
        on counted.source_name = refunded.source_name

),

published as (

    select
        source_name,
        count(*) as order_count,
        sum(line_count) as line_count,
        sum(net_amount) as net_amount

    from {{ ref('orders') }}

    where platform = 'shopify'

    group by source_name

)

select
    coalesce(expected.source_name, published.source_name) as source_name,
    expected.order_count as expected_order_count,
    published.order_count,
    expected.line_count as expected_line_count,
    published.line_count,
    expected.net_amount as expected_net_amount,
    published.net_amount
from expected
full outer join published
    on expected.source_name = published.source_name

where
    expected.order_count is distinct from published.order_count
    or expected.line_count is distinct from published.line_count
    or coalesce(
        abs(expected.net_amount - published.net_amount) >= expected.tolerance, true
    )
