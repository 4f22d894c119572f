"""One chunk of the shop as fact tables: plain columns of numbers that the SQL in `sql/` turns into raw tables."""

import numpy as np
import numpy.typing as npt

from crm_warehouse.sample.baskets import OFFERS, Baskets, make_baskets
from crm_warehouse.sample.catalogue import Catalogue
from crm_warehouse.sample.config import NEVER, SampleConfig
from crm_warehouse.sample.helpdesk import (
    FIRST_AGENT_ID,
    Tickets,
    Users,
    comment_columns,
    history_columns,
    make_helpdesk,
)
from crm_warehouse.sample.messaging import Mails, Metric, Profiles, make_mails, make_profiles
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

IntArray = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[np.generic]]
GIFT_TO_SOMEBODY = 0.02


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
    mails, left_s = make_mails(config, chunk, people, profiles, orders, checkouts)
    visits = site_events(config, chunk, people, profiles, orders, baskets)
    users, tickets = make_helpdesk(config, chunk, people, orders, refunds)
    return {
        "p_people": _people(people),
        "p_truth": _truth(people, purchases),
        "f_orders": _orders(config, chunk, people, orders, baskets, refunds, customers, contacts),
        "f_lines": _lines(orders, baskets),
        "f_refunds": refund_columns(orders, refunds),
        "f_refund_lines": refund_line_columns(orders, baskets, refunds),
        "f_adjustments": adjustment_columns(orders, refunds),
        "f_transactions": transaction_columns(config, chunk, orders, baskets, refunds),
        "f_checkouts": checkouts,
        "f_customers": _customers(people, customers, profiles, left_s),
        "f_profiles": _profiles(config, chunk, people, profiles),
        "f_events": _events(config, chunk, people, profiles, orders, baskets, mails, visits),
        "f_users": _users(people, users),
        "f_tickets": _tickets(users, tickets),
        "f_comments": _of_tickets(tickets, comment_columns(tickets)),
        "f_history": _of_tickets(tickets, history_columns(tickets)),
    }


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
    moments = ("created_s", "paid_s", "cancelled_s", "voided_s", "shipped_s", "second_parcel_s", "delivered_s")
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


def _customers(people: People, customers: Customers, profiles: Profiles, left_s: IntArray) -> Columns:
    """Shop customers; an account's consent follows the person's newsletter profile."""
    one = profiles.number == 0
    subscribed, left = np.full(people.size, NEVER), np.full(people.size, NEVER)
    subscribed[profiles.owner[one]] = profiles.subscribed_s[one]
    left[profiles.owner[one]] = np.where(profiles.dead[one], NEVER, left_s[one])
    is_main = customers.account == Account.MAIN
    return {
        "customer_id": customers.customer_id,
        "person": people.person[customers.owner],
        "account": customers.account,
        "created_s": customers.created_s,
        "subscribed_s": np.where(is_main, subscribed[customers.owner], NEVER),
        "left_s": np.where(is_main, left[customers.owner], NEVER),
        **customers.contacts.columns(),
    }


def _profile_number(people: People, profiles: Profiles, position: IntArray) -> IntArray:
    return people.person[profiles.owner[position]] * 2 + profiles.number[position]


def _profiles(config: SampleConfig, chunk: int, people: People, profiles: Profiles) -> Columns:
    rng = config.rng(chunk, "profile addresses")
    size = profiles.owner.size
    return {
        "profile_number": _profile_number(people, profiles, np.arange(size)),
        "person": people.person[profiles.owner],
        "created_s": profiles.created_s,
        "has_address": rng.random(size) < 0.3,
        **profiles.contacts.columns(),
    }


def _events(
    config: SampleConfig, chunk: int, people: People, profiles: Profiles, orders: Orders, baskets: Baskets,
    mails: list[tuple[int, Mails, npt.NDArray[np.bool_]]], visits: Columns,
) -> Columns:  # fmt: skip
    """Mail events, list joins, visits and the shop's own order events in one table."""
    nothing = -1
    parts: list[tuple[object, ...]] = []
    for metric, mail, machine in mails:
        parts.append((metric, mail.profile, mail.second, mail.flow, mail.message, machine, nothing))
    joined = np.flatnonzero(profiles.subscribed_s < NEVER)
    parts.append((int(Metric.SUBSCRIBED), joined, profiles.subscribed_s[joined], nothing, nothing, False, nothing))
    parts.append((visits["metric"], visits["profile"], visits["second"], nothing, nothing, False, visits["product"]))
    if not config.lean:
        parts.append(_order_events(people, profiles, orders, baskets))
    sizes = [len(part[1]) for part in parts]  # type: ignore[arg-type]
    columns = [np.concatenate([np.broadcast_to(np.asarray(value), size) for value, size in zip(column, sizes, strict=True)])
               for column in zip(*parts, strict=True)]  # fmt: skip
    metric, profile, second, flow, message, machine, product = columns
    order = np.lexsort((metric, profile, second))
    return {
        "event_number": (chunk << 26) + np.arange(order.size),
        "metric": metric[order],
        "profile_number": _profile_number(people, profiles, profile[order]),
        "second": second[order],
        "flow": flow[order],
        "message": message[order],
        "is_machine": machine[order].astype(bool),
        "product": product[order],
    }


def _order_events(people: People, profiles: Profiles, orders: Orders, baskets: Baskets) -> tuple[object, ...]:
    """The orders as the newsletter tool's shop integration reports them: a second truth nobody should add up."""
    first_profile = np.full(people.size, -1)
    one = profiles.number == 0
    first_profile[profiles.owner[one]] = np.flatnonzero(one)
    rows = np.flatnonzero((orders.buyer >= 0) & (orders.kind == Kind.PURCHASE))
    profile = first_profile[orders.buyer[rows]]
    rows, profile = rows[profile >= 0], profile[profile >= 0]
    product = baskets.product[np.flatnonzero(baskets.index == 0)][rows]
    return int(Metric.ORDERED), profile, orders.created_s[rows] + 30, -1, -1, False, product


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


def _of_tickets(tickets: Tickets, columns: Columns) -> Columns:
    """Child rows with their ticket's id instead of its position."""
    position = columns.pop("ticket").astype(np.int64)
    return {"ticket_id": tickets.ticket_id[position], **columns}


def offer_rows() -> list[tuple[int, str, int, int]]:
    """Discount offers: position, code, percent and cents off; the last one replaces broken goods."""
    offers = [*OFFERS, ("ERSATZ", 100, 0)]
    return [(position, *offer) for position, offer in enumerate(offers)]


