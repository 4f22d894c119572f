"""Amounts of the sample add up to the cent, across the tables a shop's owner would compare."""

from tests.python.sample.conftest import Shop


def cents(expression: str) -> str:
    return f"cast(round(({expression}) * 100) as bigint)"


def test_line_prices_add_up_to_the_order(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        select o.id from {{shopify.order}} o join {{shopify.order_line}} l on l.order_id = o.id
        group by o.id, o.total_line_items_price
        having sum({cents("l.price * l.quantity")}) <> {cents("o.total_line_items_price")}""")
        == []
    )


def test_every_order_has_lines_and_every_line_an_order(shop: Shop) -> None:
    assert (
        shop.rows("""
        select 1 from {shopify.order} o full join (select distinct order_id from {shopify.order_line}) l
            on l.order_id = o.id
        where o.id is null or l.order_id is null""")
        == []
    )


def test_discount_allocations_add_up_to_the_order_and_its_codes(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        with allocated as (
            select l.order_id, sum({cents("a.amount")}) as total,
                sum({cents("a.amount")}) filter (where p.type = 'discount_code') as by_code
            from {{shopify.discount_allocation}} a
            join {{shopify.order_line}} l on l.id = a.order_line_id
            join {{shopify.discount_application}} p
                on p.order_id = l.order_id and p."index" = a.discount_application_index
            group by l.order_id)
        select o.id from {{shopify.order}} o
        left join allocated a on a.order_id = o.id
        left join {{shopify.order_discount_code}} c on c.order_id = o.id
        where coalesce(a.total, 0) <> {cents("o.total_discounts")}
            or coalesce(a.by_code, 0) <> {cents("coalesce(c.amount, 0)")}""")
        == []
    )


def test_total_is_subtotal_plus_shipping_tax_and_tip(shop: Shop) -> None:
    shipping = "json_extract_string(total_shipping_price_set, '$.shop_money.amount')::double"
    assert (
        shop.rows(f"""
        select id from {{shopify.order}}
        where {cents("subtotal_price")} <> {cents("total_line_items_price - total_discounts")}
            or {cents("total_price")}
            <> {cents(f"subtotal_price + {shipping} + total_tax + total_tip_received")}""")
        == []
    )


def test_tax_lines_add_up_to_the_orders_tax(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        with taxes as (
            select l.order_id, {cents("t.price")} as tax
            from {{shopify.tax_line}} t join {{shopify.order_line}} l on l.id = t.order_line_id
            union all
            select s.order_id, {cents("t.price")}
            from {{shopify.order_shipping_tax_line}} t
            join {{shopify.order_shipping_line}} s on s.id = t.order_shipping_line_id)
        select o.id from {{shopify.order}} o left join taxes t on t.order_id = o.id
        group by o.id, o.total_tax
        having coalesce(sum(t.tax), 0) <> {cents("o.total_tax")}""")
        == []
    )


def test_orders_are_paid_once_and_in_full(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        with paid as (
            select order_id, sum({cents("amount")}) as received from {{shopify.transaction}}
            where kind in ('sale', 'capture') and status = 'success' group by order_id)
        select o.id from {{shopify.order}} o left join paid p on p.order_id = o.id
        where o.financial_status in ('paid', 'partially_refunded', 'refunded')
            and coalesce(p.received, 0) <> {cents("o.total_price")}""")
        == []
    )


def test_refund_transactions_are_what_lines_and_adjustments_give_back(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        with given as (
            select refund_id, {cents("subtotal + total_tax")} as amount from {{shopify.order_line_refund}}
            union all
            select refund_id, {cents("-amount - tax_amount")} from {{shopify.order_adjustment}}),
        refunded as (select refund_id, sum(amount) as amount from given group by refund_id),
        paid_out as (
            select refund_id, sum({cents("amount")}) as amount from {{shopify.transaction}}
            where kind = 'refund' group by refund_id)
        select r.id from {{shopify.refund}} r
        left join refunded g on g.refund_id = r.id left join paid_out p on p.refund_id = r.id
        where coalesce(g.amount, 0) <> coalesce(p.amount, 0)""")
        == []
    )


def test_nothing_is_refunded_beyond_what_was_bought(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        with back as (
            select order_line_id, sum(quantity) as quantity, sum({cents("subtotal")}) as net
            from {{shopify.order_line_refund}} group by order_line_id),
        off as (select order_line_id, sum(amount) as amount from {{shopify.discount_allocation}} group by 1)
        select l.id from back b join {{shopify.order_line}} l on l.id = b.order_line_id
        left join off d on d.order_line_id = l.id
        where b.quantity > l.quantity
            or (b.quantity = l.quantity and b.net <> {cents("l.price * l.quantity - coalesce(d.amount, 0)")})
        """)
        == []
    )


def test_a_fully_refunded_order_got_its_total_back(shop: Shop) -> None:
    assert (
        shop.rows(f"""
        with back as (
            select order_id, sum({cents("amount")}) as amount from {{shopify.transaction}}
            where kind = 'refund' group by order_id)
        select o.id from {{shopify.order}} o left join back b on b.order_id = o.id
        where (o.financial_status = 'refunded') <> (coalesce(b.amount, 0) = {cents("o.total_price")}
            and o.total_price > 0)""")
        == []
    )
