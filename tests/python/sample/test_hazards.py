"""The sample holds everything that makes a real shop's data hard."""

import pytest

from tests.python.sample.conftest import Shop

HAZARDS = {
    "guest checkouts": "select count(*) from {shopify.order} where customer_id is null and email is not null",
    "orders without any contact": """select count(*) from {shopify.order}
        where customer_id is null and email is null and billing_address_phone is null""",
    "several customer records of one person": """select count(*) from (
        select person_id from {_truth.records} where record_type = 'customer' group by 1 having count(*) > 1)""",
    "several profiles of one person": """select count(*) from (
        select person_id from {_truth.records} where record_type = 'profile' group by 1 having count(*) > 1)""",
    "several helpdesk users of one person": """select count(*) from (
        select person_id from {_truth.records} where record_type = 'user' group by 1 having count(*) > 1)""",
    "literal null e-mails": "select count(*) from {shopify.customer} where lower(email) in ('null', 'none', 'nan')",
    "empty e-mails": "select count(*) from {shopify.order} where email = ''",
    "e-mails in capitals": "select count(*) from {shopify.customer} where email = upper(email) and email like '%@%'",
    "e-mails with spaces": "select count(*) from {shopify.customer} where email like ' %'",
    "gmail plus tags": "select count(*) from {shopify.order} where email like '%+shop@gmail.com'",
    "misspelt domains": "select count(*) from {shopify.order} where email like '%.con' or email like '%.ed'",
    "sentinel phones": "select count(*) from {klaviyo.person} where phone_number in ('0000000000', 'n/a', '-', '0')",
    "households": """select count(*) from (
        select household_id from {_truth.people} group by 1 having count(*) > 1)""",
    "nameless profiles": "select count(*) from {klaviyo.person} where first_name is null",
    "cancelled orders": "select count(*) from {shopify.order} where cancelled_at is not null",
    "voided orders": "select count(*) from {shopify.order} where financial_status = 'voided'",
    "voided orders that nobody cancelled": """select count(*) from {shopify.order}
        where financial_status = 'voided' and cancelled_at is null""",
    "test orders": "select count(*) from {shopify.order} where test",
    "orders of no value": "select count(*) from {shopify.order} where total_price = 0",
    "gift card lines beside goods": """select count(*) from (select order_id from {shopify.order_line}
        group by 1 having bool_or(gift_card) and not bool_and(gift_card))""",
    "gift cards alone": """select count(*) from (select order_id from {shopify.order_line}
        group by 1 having bool_and(gift_card))""",
    "two discounts on one line": """select count(*) from {shopify.discount_allocation} where "index" = 1""",
    "partial refunds": "select count(*) from {shopify.order} where financial_status = 'partially_refunded'",
    "several refunds of one order": """select count(*) from (
        select order_id from {shopify.refund} group by 1 having count(*) > 1)""",
    "refunds weeks later": """select count(*) from {shopify.refund} r join {shopify.order} o on o.id = r.order_id
        where r.created_at > o.created_at + interval 14 day""",
    "shipping refunds": "select count(*) from {shopify.order_adjustment} where kind = 'shipping_refund'",
    "goodwill refunds": "select count(*) from {shopify.order_adjustment} where kind = 'refund_discrepancy'",
    "authorizations with captures": "select count(*) from {shopify.transaction} where kind = 'capture'",
    "failed payments": "select count(*) from {shopify.transaction} where status = 'failure'",
    "split deliveries": """select count(*) from (
        select order_id from {shopify.fulfillment} group by 1 having count(*) > 1)""",
    "deliveries": "select count(*) from {shopify.fulfillment_event} where status = 'delivered'",
    "open checkouts": "select count(*) from {shopify.abandoned_checkout} where completed_at is null",
    "recovered checkouts": """select count(*) from {shopify.abandoned_checkout} c
        join {shopify.order} o on o.created_at = c.completed_at""",
    "machine opens": "select count(*) from {klaviyo.event} where property_client_name like 'Apple Mail Privacy%'",
    "suppressed profiles": "select count(*) from {klaviyo.global_exclusion}",
    "flow mails": "select count(*) from {klaviyo.event} where flow_id is not null",
    "campaign mails": "select count(*) from {klaviyo.event} where campaign_id is not null",
    "reopened tickets": """select count(*) from (select ticket_id from {zendesk.ticket_field_history}
        where value = 'solved' group by 1 having count(*) > 1)""",
    "satisfaction": "select count(*) from {zendesk.ticket_field_history} where value in ('good', 'bad')",
    "unanswered tickets": "select count(*) from {zendesk.ticket} where status in ('new', 'open', 'pending')",
}


@pytest.mark.parametrize("hazard", HAZARDS)
def test_the_sample_has(shop: Shop, hazard: str) -> None:
    assert shop.value(HAZARDS[hazard]) > 0


def test_every_mail_metric_happens(shop: Shop) -> None:
    assert (
        shop.rows("""
        select name from {klaviyo.metric} m
        where not exists (select 1 from {klaviyo.event} e where e.metric_id = m.id)
            and name <> 'Marked Email as Spam'""")
        == []
    )


def test_every_record_but_walk_ins_has_its_person_in_the_truth(shop: Shop) -> None:
    assert (
        shop.rows("""
        with records as (
            select 'shopify:customer:' || id as record_key from {shopify.customer}
            union all select 'shopify:order:' || id from {shopify.order}
                where customer_id is null and source_name <> 'pos'
            union all select 'shopify:checkout:' || id from {shopify.abandoned_checkout} where customer_id is null
            union all select 'klaviyo:profile:' || id from {klaviyo.person}
            union all select 'zendesk:user:' || id from {zendesk.user} where role = 'end-user')
        select * from records r full join {_truth.records} t on t.record_key = r.record_key
        where r.record_key is null or t.record_key is null""")
        == []
    )


def test_no_two_people_share_an_address_of_their_own(shop: Shop) -> None:
    """Shared addresses are the household's and the shop's own; damage never turns one address into another's."""
    assert (
        shop.rows("""
        select lower(trim(c.email)) from {shopify.customer} c
        join {_truth.records} t on t.record_key = 'shopify:customer:' || c.id
        where c.email like '%@%' and lower(c.email) not like '%familie%' and c.email not like 'kasse@%'
        group by 1 having count(distinct t.person_id) > 1""")
        == []
    )
