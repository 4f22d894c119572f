"""One chunk of the shop as fact tables: plain columns of numbers that the SQL in `sql/` turns into raw tables."""

import numpy as np

from crm_warehouse.sample.arrays import Columns, IntArray
from crm_warehouse.sample.baskets import Baskets, make_baskets
from crm_warehouse.sample.catalogue import Catalogue
from crm_warehouse.sample.config import NEVER, SampleConfig
from crm_warehouse.sample.events import event_columns, profile_number
from crm_warehouse.sample.helpdesk import (
    FIRST_AGENT_ID,
    Tickets,
    Users,
    comment_columns,
    history_columns,
    make_helpdesk,
)
from crm_warehouse.sample.messaging import (
    Leavings,
    Profiles,
    make_mails,
    make_profiles,
    profile_of,
)
from crm_warehouse.sample.orders import Account, Kind, Orders, make_orders
from crm_warehouse.sample.payments import (
    Refunds,
    adjustment_columns,
    make_refunds,
    refund_columns,
    refund_line_columns,
    transaction_columns,
)
from crm_warehouse.sample.people import People, make_people
from crm_warehouse.sample.purchases import Purchases, make_purchases
from crm_warehouse.sample.records import (
    Contacts,
    Customers,
    checkout_columns,
    make_customers,
    order_contacts,
)
from crm_warehouse.sample.site import site_events

GIFT_TO_SOMEBODY = 0.02
# Large fact tables whose raw tables are in the same order of time.
IN_TIME = {
    "f_orders": "created_s", "f_lines": "created_s", "f_transactions": "second", "f_checkouts": "created_s",
    "f_comments": "second", "f_history": "second",
}  # fmt: skip


def make_facts(config: SampleConfig, chunk: int, catalogue: Catalogue) -> dict[str, Columns]:
    """Everything that ever happens to one chunk of people, by fact table."""
    people = make_people(config, chunk)
    purchases = make_purchases(config, chunk, people)
    orders = make_orders(config, chunk, people, purchases)
    baskets = make_baskets(config, chunk, people, purchases, orders, catalogue)
    refunds = make_refunds(config, chunk, orders, baskets)
    customers = make_customers(config, chunk, people, orders)
    contacts = order_contacts(config, chunk, orders, customers)
    checkouts = checkout_columns(config, chunk, people, orders, customers, baskets.total)
    profiles = make_profiles(config, chunk, people, purchases)
    mails, leavings = make_mails(config, chunk, people, profiles, orders, checkouts)
    visits = site_events(config, chunk, people, profiles, orders, baskets, catalogue)
    users, tickets = make_helpdesk(config, chunk, people, orders, refunds)
    facts = {
        "p_people": _people(people),
        "p_truth": _truth(people, purchases),
        "f_orders": _orders(config, chunk, people, orders, baskets, refunds, customers, contacts),
        "f_lines": _lines(orders, baskets),
        "f_refunds": refund_columns(orders, refunds),
        "f_refund_lines": refund_line_columns(orders, baskets, refunds),
        "f_adjustments": adjustment_columns(orders, refunds),
        "f_transactions": transaction_columns(config, chunk, orders, baskets, refunds),
        "f_checkouts": checkouts,
        "f_customers": _customers(people, customers, profiles, leavings),
        "f_profiles": _profiles(config, chunk, people, profiles, leavings),
        "f_events": event_columns(config, chunk, people, profiles, orders, baskets, mails, visits),
        "f_users": _users(people, users),
        "f_tickets": _tickets(users, tickets),
        "f_comments": comment_columns(tickets),
        "f_history": history_columns(tickets),
    }
    for name, moment in IN_TIME.items():
        facts[name] = _in_time(facts[name], moment)
    return facts


def _in_time(columns: Columns, moment: str) -> Columns:
    """The rows in order of time: row groups of part files then hold short periods, and merging reads little."""
    order = np.argsort(columns[moment], kind="stable")
    return {name: values[order] for name, values in columns.items()}


def _people(people: People) -> Columns:
    names = ("person", "household", "first", "last", "country", "city", "street", "house", "postal",
             "mail_style", "mail_domain", "second_domain")  # fmt: skip
    return {name: getattr(people, name) for name in names}


def _truth(people: People, purchases: Purchases) -> Columns:
    return {
        "person": people.person,
        "is_buyer": people.is_buyer,
        "rate": purchases.rate,
        "dropout": purchases.dropout,
        "spend": purchases.spend,
        "purchases": np.bincount(purchases.buyer, minlength=people.size),
        "first_s": purchases.first_s,
        "left_s": purchases.left_s,
    }


def _persons(people: People, position: IntArray) -> IntArray:
    """Numbers of people by position, -1 for nobody."""
    return np.where(position >= 0, people.person[position], -1)


def _orders(
    config: SampleConfig, chunk: int, people: People, orders: Orders, baskets: Baskets, refunds: Refunds,
    customers: Customers, contacts: Contacts,
) -> Columns:  # fmt: skip
    rng = config.rng(chunk, "recipients")
    gift = (orders.kind == Kind.PURCHASE) & (rng.random(orders.size) < GIFT_TO_SOMEBODY)
    recipient = np.where(gift, rng.integers(0, people.size, orders.size), orders.buyer)
    code_discount = np.bincount(baskets.order, weights=baskets.code_discount, minlength=orders.size)
    known = customers.of_order
    moments = (
        "created_s",
        "paid_s",
        "cancelled_s",
        "voided_s",
        "shipped_s",
        "second_parcel_s",
        "delivered_s",
    )
    money = ("gross", "discount", "shipping", "shipping_tax", "tax", "tip", "total")
    return {
        "order_id": orders.order_id,
        "person": _persons(people, orders.buyer),
        "ship_person": _persons(people, recipient),
        "customer_id": np.where(known >= 0, customers.customer_id[known], 0),
        "kind": orders.kind,
        "method": orders.method,
        **{name: getattr(orders, name) for name in moments},
        **{f"{name}_c": getattr(baskets, name) for name in money},
        "code_discount_c": code_discount.astype(np.int64),
        "tax_percent": baskets.tax_percent,
        "offer": baskets.offer,
        "automatic": baskets.automatic,
        "refund_1_s": refunds.second[0],
        "refund_2_s": refunds.second[1],
        "refund_1_c": refunds.amount[0],
        "refund_2_c": refunds.amount[1],
        "refund_full_s": refunds.full_s,
        **contacts.columns(),
    }


def _lines(orders: Orders, baskets: Baskets) -> Columns:
    order = baskets.order
    return {
        "line_id": baskets.line_id,
        "order_id": orders.order_id[order],
        "created_s": orders.created_s[order],
        "shipped_s": orders.shipped_s[order],
        "index": baskets.index,
        "product": baskets.product,
        "variant_id": baskets.variant_id,
        "quantity": baskets.quantity,
        "price_c": baskets.price,
        "is_gift": baskets.is_gift,
        "code_discount_c": baskets.code_discount,
        "automatic_discount_c": baskets.automatic_discount,
        "automatic_index": (baskets.offer[order] > 0).astype(np.int64),
        "tax_c": baskets.line_tax,
        "tax_percent": baskets.tax_percent[order],
    }


def _customers(people: People, customers: Customers, profiles: Profiles, leavings: Leavings) -> Columns:
    """Shop customers; an account's consent follows the person's newsletter profile."""
    profile = profile_of(people, profiles)[customers.owner]
    follows = (customers.account == Account.MAIN) & (profile >= 0)
    return {
        "customer_id": customers.customer_id,
        "person": people.person[customers.owner],
        "account": customers.account,
        "created_s": customers.created_s,
        "subscribed_s": np.where(follows, profiles.subscribed_s[profile], NEVER),
        "left_s": np.where(follows, leavings.unsubscribed_s[profile], NEVER),
        **customers.contacts.columns(),
    }


def _profiles(
    config: SampleConfig, chunk: int, people: People, profiles: Profiles, leavings: Leavings
) -> Columns:
    rng = config.rng(chunk, "profile addresses")
    size = profiles.owner.size
    return {
        "profile_number": profile_number(people, profiles, np.arange(size)),
        "person": people.person[profiles.owner],
        "created_s": profiles.created_s,
        "subscribed_s": profiles.subscribed_s,
        "left_s": leavings.unsubscribed_s,
        "suppressed_s": leavings.suppressed_s,
        "is_dead": profiles.dead,
        "has_address": rng.random(size) < 0.3,
        **profiles.contacts.columns(),
    }


def _users(people: People, users: Users) -> Columns:
    return {
        "user_id": users.user_id,
        "person": people.person[users.owner],
        "created_s": users.created_s,
        **users.contacts.columns(),
    }


def _tickets(users: Users, tickets: Tickets) -> Columns:
    moments = ("created_s", "assigned_s", "replied_s", "answered_s", "solved_s", "reopened_s", "solved_again_s",
               "closed_s", "offered_s", "rated_s")  # fmt: skip
    return {
        "ticket_id": tickets.ticket_id,
        "user_id": users.user_id[tickets.user],
        "agent_id": FIRST_AGENT_ID + tickets.agent,
        "topic": tickets.topic,
        "channel": tickets.channel,
        "tone": tickets.tone,
        **{name: getattr(tickets, name) for name in moments},
    }
