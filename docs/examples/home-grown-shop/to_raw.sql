-- A home-grown shop's flat invoice lines -> raw tables in Shopify's shape (REST names).
-- Input : view `lines` (invoice, stock_code, description, quantity, invoiced_at, price, customer_id, country)
-- Output: tables customer, order, order_line, order_shipping_line, refund, order_line_refund, product, shop,
--         and `unmatched_credits` for what could not be placed. See README.md for the rules.

create or replace table classified as
select
    *,
    row_number() over (order by invoice, stock_code, invoiced_at, quantity, price, description) as line_number,
    invoice like 'C%' as is_credit_note,
    case
        when stock_code in ('POST', 'DOT', 'C2') then 'shipping'
        when stock_code in ('AMAZONFEE', 'BANK CHARGES', 'B', 'CRUK', 'D', 'S', 'TEST001', 'TEST002')
            or stock_code like 'ADJUST%' then 'bookkeeping'
        when lower(stock_code) like 'gift_0001%' then 'gift_card'
        else 'goods'
    end as line_kind
from lines
where price > 0 and quantity <> 0;

-- Numeric ids from the shop's text numbers; invoices are dated by their first line.
create or replace table invoices as
select
    invoice,
    row_number() over (order by invoice) as order_id,
    min(invoiced_at) as ordered_at,
    any_value(customer_id) as customer_id,
    any_value(country) as country
from classified
where not is_credit_note and quantity > 0 and line_kind in ('goods', 'gift_card')
group by invoice;

create or replace table products as
select
    stock_code,
    row_number() over (order by stock_code) as product_id,
    max(description) as title,
    min(invoiced_at) as created_at
from classified
where line_kind in ('goods', 'gift_card')
group by stock_code;

create or replace table sold_lines as
select
    classified.*,
    invoices.order_id,
    products.product_id
from classified
inner join invoices using (invoice)
inner join products using (stock_code)
where not is_credit_note and quantity > 0 and line_kind in ('goods', 'gift_card');

-- A credit note does not say which invoice it undoes: it is the customer's latest earlier purchase of the same
-- article at the same price. What has no such purchase undoes something that is not in the data.
create or replace table credits as
select
    credit.line_number,
    credit.invoice,
    credit.customer_id,
    credit.invoiced_at as refunded_at,
    -credit.quantity as quantity,
    -credit.quantity * credit.price as amount,
    sold.line_number as order_line_id,
    sold.order_id
from (select * from classified where is_credit_note and quantity < 0 and line_kind in ('goods', 'gift_card')) as credit
asof left join (
    select
        customer_id,
        stock_code,
        price,
        invoiced_at,
        order_id,
        max(line_number) as line_number
    from sold_lines
    where customer_id is not null
    group by all
) as sold
    on credit.customer_id = sold.customer_id
    and credit.stock_code = sold.stock_code
    and credit.price = sold.price
    and credit.invoiced_at >= sold.invoiced_at;

create or replace table unmatched_credits as
select * from credits where order_id is null;

create or replace table customer as
select
    customer_id as id,
    min(invoiced_at) as created_at,
    max(invoiced_at) as updated_at,
    max(invoiced_at) as _fivetran_synced
from sold_lines
where customer_id is not null
group by customer_id;

create or replace table order_shipping_line as
select
    line_number as id,
    order_id,
    description as title,
    round(quantity * price, 2) as price,
    ordered_at as _fivetran_synced
from classified
inner join invoices using (invoice)
where line_kind = 'shipping' and quantity > 0;

create or replace table "order" as
select
    invoices.order_id as id,
    invoice as name,
    customer_id,
    ordered_at as created_at,
    ordered_at as processed_at,
    'GBP' as currency,
    'paid' as financial_status,
    false as test,
    country as shipping_address_country,
    goods.amount + coalesce(shipping.amount, 0) as total_price,
    format('{{"shop_money": {{"amount": "{}", "currency_code": "GBP"}}}}', coalesce(shipping.amount, 0))
        as total_shipping_price_set,
    ordered_at as _fivetran_synced
from invoices
inner join (
    select order_id, round(sum(quantity * price), 2) as amount from sold_lines group by order_id
) as goods using (order_id)
left join (
    select order_id, round(sum(price), 2) as amount from order_shipping_line group by order_id
) as shipping using (order_id);

create or replace table order_line as
select
    line_number as id,
    order_id,
    product_id,
    stock_code as sku,
    coalesce(description, stock_code) as title,
    quantity,
    price,
    line_kind = 'gift_card' as gift_card,
    invoiced_at as _fivetran_synced
from sold_lines;

create or replace table product as
select
    product_id as id,
    coalesce(title, stock_code) as title,
    created_at,
    'active' as status,
    created_at as _fivetran_synced
from products;

create or replace table refund as
select
    min(line_number) as id,
    order_id,
    refunded_at as created_at,
    refunded_at as processed_at,
    invoice as note,
    refunded_at as _fivetran_synced
from credits
where order_id is not null
group by invoice, order_id, refunded_at;

create or replace table order_line_refund as
select
    credits.line_number as id,
    refund.id as refund_id,
    credits.order_line_id,
    credits.quantity,
    round(credits.amount, 2) as subtotal,
    0 as total_tax,
    credits.refunded_at as _fivetran_synced
from credits
inner join refund
    on credits.order_id = refund.order_id
    and credits.invoice = refund.note
    and credits.refunded_at = refund.created_at;

create or replace table shop as
select
    1 as id,
    'Home-grown shop' as name,
    'GBP' as currency,
    'Europe/London' as iana_timezone,
    min(ordered_at) as created_at,
    max(ordered_at) as _fivetran_synced
from invoices;
