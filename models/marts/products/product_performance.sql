{% set window_days = var('contact_window_days') %}

with

products as (

    select * from {{ ref('products') }}

),

order_lines as (

    select * from {{ ref('order_lines') }}

    where
        is_counted
        and product_key is not null

),

customer_products as (

    select * from {{ ref('int_customer_products_counted') }}

),

orders as (

    select
        order_key,
        customer_key,
        ordered_at,
        {{ days_between("cast('1990-01-01' as date)", 'cast(ordered_at as date)') }} as day_number

    from {{ ref('orders') }}

    where
        is_counted
        and customer_key is not null

),

offsets as (

    select offsets.stretch_offset
    from (values (0), (1)) as offsets (stretch_offset)

),

tickets_dated as (

    select
        ticket_key,
        customer_key,
        ticket_opened_at,
        {{ days_between("cast('1990-01-01' as date)", 'cast(ticket_opened_at as date)') }}
            as day_number

    from {{ ref('tickets') }}

    where customer_key is not null

),

-- A ticket meets the orders of two stretches of days, not every order of its customer.
tickets as (

    select
        tickets_dated.ticket_key,
        tickets_dated.customer_key,
        tickets_dated.ticket_opened_at,
        cast(floor(tickets_dated.day_number / {{ window_days }}e0) as bigint)
        - offsets.stretch_offset as stretch_number

    from tickets_dated
    cross join offsets

),

ticket_orders as (

    select
        tickets.ticket_key,
        max_by(orders.order_key, orders.ordered_at) as order_key

    from orders
    inner join tickets
        on
            orders.customer_key = tickets.customer_key
            and cast(floor(orders.day_number / {{ window_days }}e0) as bigint)
            = tickets.stretch_number

    where
        orders.ordered_at <= tickets.ticket_opened_at
        and {{ seconds_between('orders.ordered_at', 'tickets.ticket_opened_at') }}
        <= {{ window_days }} * 86400

    group by 1

),

orders_contacted as (

    select
        order_key,
        count(*) as ticket_count

    from ticket_orders

    group by 1

),

lines_summarized as (

    select
        product_key,
        count(*) as line_count,
        sum(quantity) as item_quantity,
        sum(gross_amount) as gross_amount,
        sum(sales_amount) as sales_amount,
        sum(refunded_quantity) as refunded_quantity,
        sum(refund_amount) as refund_amount

    from order_lines

    group by 1

),

order_products as (

    select
        product_key,
        order_key

    from order_lines

    group by 1, 2

),

orders_summarized as (

    select
        order_products.product_key,
        count(*) as order_count,
        count(orders_contacted.order_key) as contacted_order_count,
        sum(orders_contacted.ticket_count) as ticket_count

    from order_products
    left join orders_contacted on order_products.order_key = orders_contacted.order_key

    group by 1

),

customers_summarized as (

    select
        product_key,
        count(*) as customer_count,
        count(*) filter (where has_bought_again) as repeat_customer_count

    from customer_products

    group by 1

),

joined as (

    select
        coalesce(products.product_key, lines_summarized.product_key) as product_key,
        products.title,
        products.product_type,
        products.vendor,
        cast(coalesce(orders_summarized.order_count, 0) as bigint) as order_count,
        cast(coalesce(customers_summarized.customer_count, 0) as bigint) as customer_count,
        cast(coalesce(customers_summarized.repeat_customer_count, 0) as bigint)
            as repeat_customer_count,
        cast(coalesce(lines_summarized.item_quantity, 0) as bigint) as item_quantity,
        cast(coalesce(lines_summarized.gross_amount, 0) as decimal(18, 4)) as gross_amount,
        cast(coalesce(lines_summarized.sales_amount, 0) as decimal(18, 4)) as sales_amount,
        cast(coalesce(lines_summarized.refunded_quantity, 0) as bigint) as refunded_quantity,
        cast(coalesce(lines_summarized.refund_amount, 0) as decimal(18, 4)) as refund_amount,
        cast(coalesce(orders_summarized.ticket_count, 0) as bigint) as ticket_count

    from products
    -- A product deleted in the shop still has its sales.
    full outer join lines_summarized on products.product_key = lines_summarized.product_key
    left join orders_summarized
        on lines_summarized.product_key = orders_summarized.product_key
    left join customers_summarized
        on lines_summarized.product_key = customers_summarized.product_key

),

final as (

    select
        product_key,
        title,
        product_type,
        vendor,
        order_count,
        customer_count,
        repeat_customer_count,
        {{ kpi_ratio('repeat_customer_count', 'customer_count') }} as repeat_rate,
        item_quantity,
        gross_amount,
        cast(gross_amount - sales_amount as decimal(18, 4)) as discount_amount,
        sales_amount,
        refunded_quantity,
        {{ kpi_ratio('refunded_quantity', 'item_quantity') }} as return_rate,
        refund_amount,
        cast(sales_amount - refund_amount as decimal(18, 4)) as net_amount,
        ticket_count,
        round(1e2 * ticket_count / nullif(order_count, 0), 4) as tickets_per_100_orders

    from joined

)

select * from final
