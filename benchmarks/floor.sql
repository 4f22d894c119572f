-- What any customer 360 has to compute, as plain queries straight over the raw files: no contracts, no checks,
-- no identity beyond equal e-mail addresses, no tests, nothing published. The build is measured against this.
-- Every raw table is a view over its files: `<platform>.<table>` (benchmarks/floor.py).

create table orders_per_customer as
with line_discounts as (
    select order_line_id, sum(amount) as discount_amount
    from shopify.discount_allocation
    group by order_line_id
),
order_totals as (
    select
        order_id,
        sum(price * quantity) filter (where not gift_card) as gross_amount,
        sum(discount_amount) filter (where not gift_card) as discount_amount,
        sum(quantity) as item_quantity
    from shopify.order_line as order_line
    left join line_discounts on order_line.id = line_discounts.order_line_id
    group by order_id
),
order_refunds as (
    select refund.order_id, sum(refund_line.subtotal) as refund_amount
    from shopify.order_line_refund as refund_line
    inner join shopify.refund as refund
        on refund_line.refund_id = refund.id
    group by refund.order_id
)
select
    customer_id,
    count(*) as order_count,
    count(distinct cast(created_at as date)) as purchase_day_count,
    min(created_at) as first_ordered_at,
    max(created_at) as last_ordered_at,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(refund_amount) as refund_amount,
    sum(item_quantity) as item_quantity,
    count(*) filter (where created_at > timestamp '2025-03-31') as recent_order_count,
    count(distinct billing_address_country_code) as country_count
from shopify."order" as orders
inner join order_totals on orders.id = order_totals.order_id
left join order_refunds on orders.id = order_refunds.order_id
where cancelled_at is null and not test
group by customer_id;

create table messages_per_person as
select
    person_id,
    count(*) filter (where metric.name = 'Received Email') as delivered_count,
    count(*) filter (where metric.name = 'Opened Email') as opened_count,
    count(*) filter (where metric.name = 'Clicked Email') as clicked_count,
    count(*) filter (where metric.name = 'Bounced Email') as bounced_count,
    count(*) filter (where metric.name = 'Unsubscribed') as unsubscribed_count,
    max(events.timestamp) filter (where metric.name = 'Opened Email') as last_opened_at,
    max(events.timestamp) filter (where metric.name = 'Clicked Email') as last_clicked_at
from klaviyo.event as events
inner join klaviyo.metric as metric
    on events.metric_id = metric.id
group by person_id;

create table tickets_per_requester as
with first_replies as (
    select ticket_id, min(created) as first_comment_at, count(*) as comment_count
    from zendesk.ticket_comment
    where public
    group by ticket_id
)
select
    requester_id,
    count(*) as ticket_count,
    count(*) filter (where status not in ('solved', 'closed')) as open_ticket_count,
    max(created_at) as last_ticket_at,
    sum(comment_count) as comment_count
from zendesk.ticket as ticket
left join first_replies on ticket.id = first_replies.ticket_id
group by requester_id;

create table customer_wide as
with people as (
    select id, lower(trim(email)) as email, first_name, last_name, created_at
    from shopify.customer
),
persons as (
    select lower(trim(email)) as email, sum(delivered_count) as delivered_count, sum(opened_count) as opened_count,
        sum(clicked_count) as clicked_count, max(last_clicked_at) as last_clicked_at
    from klaviyo.person as person
    left join messages_per_person on person.id = messages_per_person.person_id
    group by all
),
requesters as (
    select lower(trim(email)) as email, sum(ticket_count) as ticket_count,
        sum(open_ticket_count) as open_ticket_count, max(last_ticket_at) as last_ticket_at
    from zendesk.user as users
    left join tickets_per_requester on users.id = tickets_per_requester.requester_id
    group by all
)
select *
from people
left join orders_per_customer on people.id = orders_per_customer.customer_id
left join persons using (email)
left join requesters using (email);
