"""What the shop's systems hold about people: several records each, with the usual damage.

Belongs here: which record exists since when, and how its e-mail, name and phone differ from the truth (as codes;
the SQL in `sql/contact.sql` spells them out). Does not: the truth itself (`people.py`).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from crm_warehouse.sample.arrays import Columns, IntArray
from crm_warehouse.sample.config import DAY, NEVER, SampleConfig
from crm_warehouse.sample.orders import Account, Orders, timed_id
from crm_warehouse.sample.people import People
from crm_warehouse.sample.purchases import Purchases


class Email(IntEnum):
    """Whose or which address a record carries."""

    NONE = 0
    FIRST = 1
    SECOND = 2
    HOUSEHOLD = 3
    FRONT_DESK = 4


# Chance of each damage, by code; 0 is undamaged. The names of the codes are in sql/contact.sql.
EMAIL_TWISTS = (0.845, 0.03, 0.025, 0.025, 0.02, 0.02, 0.015, 0.02)
NAME_TWISTS = (0.87, 0.025, 0.03, 0.025, 0.02, 0.01, 0.02)
PHONE_FORMS = (0.45, 0.2, 0.15, 0.08, 0.07, 0.03, 0.02)


@dataclass(frozen=True)
class Contacts:
    """How records show their person: one row per record."""

    email: IntArray
    email_twist: IntArray
    name_twist: IntArray
    phone: IntArray

    def columns(self, rows: IntArray | slice = slice(None)) -> Columns:
        """As columns of a fact table."""
        return {"email_form": self.email[rows], "email_twist": self.email_twist[rows],
                "name_twist": self.name_twist[rows], "phone_form": self.phone[rows]}  # fmt: skip


@dataclass(frozen=True)
class Customers:
    """Shop customer records of the chunk.

    Attributes:
        owner: Position of the person.
        account: Which of the person's accounts it is.
        of_order: Customer record of every order, as a position here; -1 for guests and walk-ins.
    """

    customer_id: IntArray
    owner: IntArray
    account: IntArray
    created_s: IntArray
    contacts: Contacts
    of_order: IntArray


def draw_code(rng: np.random.Generator, chances: tuple[float, ...], size: int) -> IntArray:
    """Codes drawn by their chances."""
    edges = np.cumsum(chances)[:-1]
    return np.searchsorted(edges, rng.random(size), side="right")


def draw_contacts(rng: np.random.Generator, size: int, emails: tuple[float, ...]) -> Contacts:
    """Contacts with random damage; `emails` are the chances of the Email forms."""
    return Contacts(
        email=draw_code(rng, emails, size),
        email_twist=draw_code(rng, EMAIL_TWISTS, size),
        name_twist=draw_code(rng, NAME_TWISTS, size),
        phone=draw_code(rng, PHONE_FORMS, size),
    )


def _first_moment(orders: Orders, account: Account, size: int) -> IntArray:
    """When each person first ordered under an account."""
    first = np.full(size, NEVER)
    rows = orders.account == account
    np.minimum.at(first, orders.buyer[rows], orders.created_s[rows])
    return first


def _leads(rng: np.random.Generator, config: SampleConfig, people: People, main_s: IntArray) -> IntArray:
    """Some people without an account order still have a customer record, from the newsletter form."""
    signup = rng.integers(config.start_s, config.end_s, people.size)
    joins = (main_s == NEVER) & ~people.guest & (rng.random(people.size) < 0.15)
    return np.where(joins, signup, NEVER)


def make_customers(config: SampleConfig, chunk: int, people: People, orders: Orders) -> Customers:
    """Accounts that members keep, second accounts, and the fresh ones that guest checkouts leave behind."""
    rng = config.rng(chunk, "customers")
    main_s = _first_moment(orders, Account.MAIN, people.size)
    second_s = _first_moment(orders, Account.SECOND, people.size)
    lead_s = _leads(rng, config, people, main_s)
    main_s = np.where(main_s < NEVER, main_s - rng.integers(1, 1200, people.size), lead_s)
    second_s = np.where(second_s < NEVER, second_s - rng.integers(1, 300, people.size), NEVER)
    fresh = np.flatnonzero(orders.account == Account.FRESH)
    main, second = np.flatnonzero(main_s < NEVER), np.flatnonzero(second_s < NEVER)
    owner = np.concatenate([main, second, orders.buyer[fresh]])
    account = np.repeat([int(Account.MAIN), int(Account.SECOND), int(Account.FRESH)],
                        [main.size, second.size, fresh.size])  # fmt: skip
    created = np.concatenate([main_s[main], second_s[second], orders.created_s[fresh]])
    contacts = draw_contacts(rng, owner.size, (0.01, 0.9, 0.07, 0.02, 0.0))
    contacts.email[account == Account.SECOND] = Email.SECOND

    of_order = np.full(orders.size, -1)
    position = np.full((2, people.size), -1)
    position[0, main] = np.arange(main.size)
    position[1, second] = main.size + np.arange(second.size)
    for account_kind in (Account.MAIN, Account.SECOND):
        rows = orders.account == account_kind
        of_order[rows] = position[account_kind, orders.buyer[rows]]
    of_order[fresh] = main.size + second.size + np.arange(fresh.size)
    return Customers(
        customer_id=timed_id(config, created, people.person[owner]) * 4 + account,
        owner=owner,
        account=account,
        created_s=created,
        contacts=contacts,
        of_order=of_order,
    )


def order_contacts(config: SampleConfig, chunk: int, orders: Orders, customers: Customers) -> Contacts:
    """What the orders themselves carry: the account's contact, the guest's own, or nothing."""
    rng = config.rng(chunk, "order contacts")
    drawn = draw_contacts(rng, orders.size, (0.02, 0.86, 0.08, 0.035, 0.005))
    # A guest must leave an e-mail or a phone number, or nobody could reach them.
    drawn.phone[drawn.email == Email.NONE] = 1
    known, nobody = customers.of_order, orders.account == Account.NOBODY

    def merged(own: IntArray, accounts: IntArray) -> IntArray:
        return np.where(nobody, 0, np.where(known >= 0, accounts[known], own))

    theirs = customers.contacts
    return Contacts(
        email=merged(drawn.email, theirs.email),
        email_twist=merged(drawn.email_twist, theirs.email_twist),
        name_twist=merged(drawn.name_twist, theirs.name_twist),
        phone=merged(drawn.phone, theirs.phone),
    )


def checkout_columns(
    config: SampleConfig, chunk: int, people: People, orders: Orders, customers: Customers, total: IntArray
) -> Columns:
    """Checkouts the shop keeps: left open, or completed later by an order."""
    rng = config.rng(chunk, "checkouts")
    known = np.flatnonzero(orders.buyer >= 0)
    left = known[rng.random(known.size) < 0.35]
    won = known[rng.random(known.size) < 0.09]
    order = np.concatenate([left, won])
    created = np.concatenate([
        orders.created_s[left] + rng.integers(-20 * DAY, 40 * DAY, left.size),
        orders.created_s[won] - rng.integers(900, 2 * DAY, won.size),
    ])  # fmt: skip
    completed = np.concatenate([np.full(left.size, NEVER), orders.created_s[won]])
    by_person = np.lexsort((created, orders.buyer[order]))
    order, created, completed = order[by_person], created[by_person], completed[by_person]
    owner = orders.buyer[order]
    apart = np.append(True, (np.diff(owner) != 0) | (np.diff(created) > 0))
    order, created, completed, owner = order[apart], created[apart], completed[apart], owner[apart]
    contacts = draw_contacts(rng, order.size, (0.03, 0.88, 0.06, 0.03, 0.0))
    account = customers.of_order[order]
    # Logged in only if the account already existed; everybody else is known by what they typed.
    member = (account >= 0) & (customers.created_s[account] <= created) & (rng.random(order.size) < 0.8)
    inside = (created >= config.start_s) & (created < config.end_s)
    rows = np.flatnonzero(inside)
    return {
        "checkout_id": timed_id(config, created, people.person[owner])[rows],
        "person": people.person[owner][rows],
        "customer_id": np.where(member, customers.customer_id[account], 0)[rows],
        "created_s": created[rows],
        "completed_s": completed[rows],
        "total_c": total[order][rows],
        **contacts.columns(rows),
    }


def profile_moments(
    rng: np.random.Generator, config: SampleConfig, people: People, purchases: Purchases
) -> IntArray:
    """When the newsletter tool first heard of each person; NEVER for those it never does."""
    before = rng.integers(0, 40 * DAY, people.size) * (rng.random(people.size) < 0.4)
    with_order = np.maximum(purchases.first_s - before, config.start_s)
    alone = rng.integers(config.start_s, config.end_s, people.size)
    first = np.where(purchases.first_s < NEVER, with_order, alone)
    known = ~people.is_buyer | (rng.random(people.size) < 0.85)
    return np.where(known, first, NEVER)
