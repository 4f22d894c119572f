"""Things happen in an order that makes sense, and rows are loaded after what they tell."""

import pytest

from tests.python.sample.conftest import Shop

CONTRADICTIONS = {
    "an order cancelled before it was placed": "select id from {shopify.order} where cancelled_at < created_at",
    "a parcel sent before its order": """select 1 from {shopify.fulfillment} f
        join {shopify.order} o on o.id = f.order_id where f.created_at < o.created_at""",
    "a parcel sent before the payment": """select 1 from {shopify.fulfillment} f
        join {shopify.transaction} t on t.order_id = f.order_id
        where t.kind in ('sale', 'capture') and t.status = 'success' and f.created_at < t.created_at""",
    "a parcel delivered before it was sent": """select 1 from {shopify.fulfillment_event} e
        left join {shopify.fulfillment} f on f.id = e.fulfillment_id
        where f.id is null or e.happened_at < f.created_at""",
    "a refund before the money": """select 1 from {shopify.refund} r
        join {shopify.transaction} t on t.order_id = r.order_id and t.kind in ('sale', 'capture')
        where t.status = 'success' and t.created_at > r.created_at""",
    "a refund at two moments": "select id from {shopify.refund} where created_at <> processed_at",
    "a voided order without its void": """select o.id from {shopify.order} o
        where (o.financial_status = 'voided') <> exists (
            select 1 from {shopify.transaction} t
            where t.order_id = o.id and t.kind = 'void' and t.status = 'success')""",
    "a cancelled order that was sent": """select o.id from {shopify.order} o
        join {shopify.fulfillment} f on f.order_id = o.id where o.cancelled_at is not null""",
    "an order before its customer": """select o.id from {shopify.order} o
        join {shopify.customer} c on c.id = o.customer_id where o.created_at < c.created_at""",
    "a checkout before its customer": """select k.id from {shopify.abandoned_checkout} k
        join {shopify.customer} c on c.id = k.customer_id where k.created_at < c.created_at""",
    "a product sold before it existed": """select l.id from {shopify.order_line} l
        join {shopify.order} o on o.id = l.order_id left join {shopify.product} p on p.id = l.product_id
        where p.id is null or p.created_at > o.created_at""",
    "a mail to somebody unknown": """select e.id from {klaviyo.event} e
        left join {klaviyo.person} p on p.id = e.person_id
        where p.id is null or e.timestamp < p.created""",
    "a mail after unsubscribing": """select e.id from {klaviyo.event} e
        join {klaviyo.person} p on p.id = e.person_id join {klaviyo.metric} m on m.id = e.metric_id
        where m.name = 'Received Email' and p.subscriptions_email_marketing_consent = 'UNSUBSCRIBED'
            and e.timestamp > p.subscriptions_email_marketing_timestamp""",
    "a click without a human open": """select c.id from {klaviyo.event} c
        join {klaviyo.metric} m on m.id = c.metric_id and m.name = 'Clicked Email'
        where not exists (
            select 1 from {klaviyo.event} o join {klaviyo.metric} n on n.id = o.metric_id
            where n.name = 'Opened Email' and o.person_id = c.person_id and o.timestamp <= c.timestamp
                and o.property_client_name not like 'Apple Mail Privacy%'
                and o.campaign_id is not distinct from c.campaign_id
                and o.flow_message_id is not distinct from c.flow_message_id)""",
    "a campaign mail before the campaign": """select e.id from {klaviyo.event} e
        join {klaviyo.campaign} c on c.id = e.campaign_id where e.timestamp < c.sent_at""",
    "a ticket before its user": """select t.id from {zendesk.ticket} t
        left join {zendesk.user} u on u.id = t.requester_id where u.id is null or t.created_at < u.created_at""",
    "a comment before its ticket": """select c.id from {zendesk.ticket_comment} c
        left join {zendesk.ticket} t on t.id = c.ticket_id where t.id is null or c.created < t.created_at""",
    "a ticket whose status is not its last change": """select t.id from {zendesk.ticket} t join (
            select ticket_id, max_by(value, updated) as value from {zendesk.ticket_field_history}
            where field_name = 'status' group by 1) h on h.ticket_id = t.id
        where h.value <> t.status""",
}
# What is planned may lie ahead of the load.
PLANS = ("send_time", "scheduled", "estimated_delivery_at", "published_at")


@pytest.mark.parametrize("contradiction", CONTRADICTIONS)
def test_there_is_no(shop: Shop, contradiction: str) -> None:
    assert shop.rows(CONTRADICTIONS[contradiction]) == []


def test_rows_are_loaded_after_everything_they_tell(shop: Shop) -> None:
    for table in shop.tables:
        columns = shop.columns(table)
        moments = [c for c, kind in columns.items() if kind == "TIMESTAMP" and c not in PLANS]
        if "_fivetran_synced" in columns and len(moments) > 1:
            latest = ", ".join(f'"{c}"' for c in moments if c != "_fivetran_synced")
            late = f"select 1 from {shop.path(table)} where greatest({latest}, null) > _fivetran_synced"
            assert shop.rows(late) == [], table


def test_rows_are_written_in_order_of_time(shop: Shop) -> None:
    for table, moment in (("shopify.order", "created_at"), ("klaviyo.event", "timestamp"),
                          ("zendesk.ticket_comment", "created")):  # fmt: skip
        moments = shop.rows(f"select {moment} from {shop.path(table)}")
        assert moments == sorted(moments)


def test_keys_are_unique(shop: Shop) -> None:
    from crm_warehouse.sample.tables import TABLES

    for table in TABLES:
        keys = [key for key in table.key if key not in table.hidden]
        name = f"{table.platform}.{table.name}"
        if len(keys) == len(table.key) and name in shop.tables:
            key = ", ".join(f'"{k}"' for k in keys)
            assert shop.rows(f"select {key} from {shop.path(name)} group by all having count(*) > 1") == [], (
                name
            )
