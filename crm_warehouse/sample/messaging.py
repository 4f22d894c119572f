"""The newsletter tool: profiles, campaigns, flows, and what people do with their mail and on the site."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from crm_warehouse.sample.arrays import BoolArray, Columns, FloatArray, IntArray
from crm_warehouse.sample.config import DAY, NEVER, SampleConfig
from crm_warehouse.sample.orders import Kind, Orders
from crm_warehouse.sample.people import People
from crm_warehouse.sample.purchases import Purchases
from crm_warehouse.sample.records import Contacts, Email, draw_contacts, profile_moments


class Metric(IntEnum):
    """Klaviyo metrics, in the order of METRIC_NAMES."""

    RECEIVED = 0
    OPENED = 1
    CLICKED = 2
    BOUNCED = 3
    UNSUBSCRIBED = 4
    SPAM = 5
    SUBSCRIBED = 6
    ACTIVE = 7
    VIEWED = 8
    ADDED = 9
    CHECKOUT = 10
    ORDERED = 11
    AWAITED = 12


METRIC_NAMES = (
    "Received Email", "Opened Email", "Clicked Email", "Bounced Email", "Unsubscribed", "Marked Email as Spam",
    "Subscribed to List", "Active on Site", "Viewed Product", "Added to Cart", "Checkout Started", "Placed Order",
    "Subscribed to Back in Stock",
)  # fmt: skip
CAMPAIGN_EVERY_DAYS = 10
# Flows: name, trigger, minutes after it for each of the flow's messages.
FLOWS = (
    ("Welcome series", "Added to List", (5, 2 * 1440, 6 * 1440)),
    ("Abandoned checkout", "Metric", (60, 1440)),
    ("After purchase", "Metric", (7 * 1440,)),
)
WELCOME, ABANDONED, AFTER = range(3)
# The code of a record without a name, in sql/macros.sql.
NAMELESS = 7
MACHINE_OPENERS = 0.35
UNSUBSCRIBES, SPAM_REPORTS, SOFT_BOUNCES, DEAD_MAILBOXES = 0.0025, 0.0003, 0.003, 0.015


@dataclass(frozen=True)
class Profiles:
    """Profiles of the chunk.

    Attributes:
        owner: Position of the person.
        number: 0 for a person's first profile, 1 for the second.
        subscribed_s: When they joined the list, or NEVER.
        interest: Chance of really opening a mail.
        machine: Mail is opened by a privacy proxy.
        dead: The mailbox does not exist.
    """

    owner: IntArray
    number: IntArray
    created_s: IntArray
    subscribed_s: IntArray
    interest: FloatArray
    machine: BoolArray
    dead: BoolArray
    contacts: Contacts


@dataclass(frozen=True)
class Leavings:
    """When profiles stopped getting mail, NEVER for those who did not.

    Attributes:
        unsubscribed_s: They unsubscribed.
        suppressed_s: They reported spam, or the mailbox does not exist.
    """

    unsubscribed_s: IntArray
    suppressed_s: IntArray


@dataclass(frozen=True)
class Mails:
    """Mails sent: one row each. `flow` is -1 for campaigns, `message` the campaign or the flow's message."""

    profile: IntArray
    second: IntArray
    flow: IntArray
    message: IntArray


def make_profiles(config: SampleConfig, chunk: int, people: People, purchases: Purchases) -> Profiles:
    """A first profile for most people, a second for some: another address, or only a phone number."""
    rng = config.rng(chunk, "profiles")
    first_s = profile_moments(rng, config, people, purchases)
    one = np.flatnonzero(first_s < NEVER)
    two = one[rng.random(one.size) < 0.08]
    owner = np.concatenate([one, two])
    number = np.repeat([0, 1], [one.size, two.size])
    created = first_s[owner] + np.where(number == 1, rng.integers(DAY, 200 * DAY, owner.size), 0)
    contacts = draw_contacts(rng, owner.size, (0.03, 0.92, 0.03, 0.02, 0.0))
    contacts.email[number == 1] = np.where(rng.random(two.size) < 0.25, Email.NONE, Email.SECOND)
    contacts.phone[contacts.email == Email.NONE] = 1
    nameless = rng.random(owner.size) < 0.25
    contacts.name_twist[nameless] = NAMELESS
    mailable = contacts.email > Email.NONE
    joins = mailable & (rng.random(owner.size) < np.where(people.is_buyer[owner], 0.72, 0.97))
    later = np.where(rng.random(owner.size) < 0.7, 0, rng.integers(0, 120 * DAY, owner.size))
    return Profiles(
        owner=owner,
        number=number,
        created_s=created,
        subscribed_s=np.where(joins, created + later, NEVER),
        interest=rng.beta(1.4, 3.6, owner.size),
        machine=rng.random(owner.size) < MACHINE_OPENERS,
        dead=rng.random(owner.size) < DEAD_MAILBOXES,
        contacts=contacts,
    )


def campaign_moments(config: SampleConfig) -> tuple[IntArray, FloatArray]:
    """When campaigns go out, and which share of the list each is meant for."""
    rng = config.rng(0, "campaigns")
    days = np.arange(4, (config.end_s - config.start_s) // DAY, CAMPAIGN_EVERY_DAYS)
    hour = rng.integers(7, 18, days.size)
    return config.start_s + days * DAY + hour * 3600, rng.uniform(0.3, 1.0, days.size)


def _flow_mails(
    profiles: Profiles, orders: Orders, first_profile: IntArray, checkouts: Columns, base: int
) -> Mails:
    """Automated mails after joining the list, leaving a checkout, and ordering."""
    bought = np.flatnonzero((orders.buyer >= 0) & (orders.kind == Kind.PURCHASE))
    left = np.flatnonzero(checkouts["completed_s"] == NEVER)
    everybody = np.arange(profiles.owner.size)
    triggers = (
        (WELCOME, everybody, profiles.subscribed_s),
        (ABANDONED, first_profile[checkouts["person"][left].astype(np.int64) - base],
         checkouts["created_s"][left].astype(np.int64)),
        (AFTER, first_profile[orders.buyer[bought]], orders.created_s[bought]),
    )  # fmt: skip
    parts = []
    for flow, profile, moment in triggers:
        for message, minutes in enumerate(FLOWS[flow][2]):
            rows = np.flatnonzero((profile >= 0) & (moment < NEVER))
            parts.append((profile[rows], moment[rows] + minutes * 60,
                          np.full(rows.size, flow), np.full(rows.size, message)))  # fmt: skip
    return Mails(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _campaign_mails(
    rng: np.random.Generator, config: SampleConfig, profiles: Profiles, wanted: float
) -> Mails:
    """Campaign mails to whoever is on the list, thinned to the wanted number."""
    moments, reach = campaign_moments(config)
    listed = profiles.subscribed_s[:, None] <= moments[None, :]
    scale = min(1.0, max(wanted, 0.0) / max(float((listed * reach).sum()), 1.0))
    sent = listed & (rng.random(listed.shape, dtype=np.float32) < (reach * scale).astype(np.float32))
    profile, campaign = np.nonzero(sent)
    second = moments[campaign] + rng.integers(30, 5400, profile.size)
    return Mails(profile, second, np.full(profile.size, -1), campaign)


def _rows(mails: Mails, keep: BoolArray) -> Mails:
    return Mails(mails.profile[keep], mails.second[keep], mails.flow[keep], mails.message[keep])


def _all_mails(
    rng: np.random.Generator, config: SampleConfig, people: People, profiles: Profiles, orders: Orders,
    checkouts: Columns,
) -> Mails:  # fmt: skip
    """Mails to people on the list, as if nobody ever left it."""
    flows = _flow_mails(profiles, orders, profile_of(people, profiles), checkouts, int(people.person[0]))
    listed = profiles.subscribed_s[flows.profile] <= flows.second
    flows = _rows(flows, listed)
    wanted = config.emails_per_customer * people.size - flows.profile.size
    campaigns = _campaign_mails(rng, config, profiles, wanted)
    columns = zip(_columns(flows), _columns(campaigns), strict=True)
    mails = Mails(*(np.concatenate(both) for both in columns))
    return _rows(mails, mails.second < config.end_s)


def profile_of(people: People, profiles: Profiles) -> IntArray:
    """Position of each person's first profile, -1 without one."""
    position = np.full(people.size, -1)
    one = profiles.number == 0
    position[profiles.owner[one]] = np.flatnonzero(one)
    return position


def _first(profile: IntArray, second: IntArray, which: BoolArray, size: int) -> IntArray:
    """The earliest moment per profile among some mails."""
    first = np.full(size, NEVER)
    np.minimum.at(first, profile[which], second[which])
    return first


def make_mails(
    config: SampleConfig, chunk: int, people: People, profiles: Profiles, orders: Orders, checkouts: Columns
) -> tuple[list[tuple[Metric, Mails, BoolArray]], Leavings]:
    """All mail events as (metric, mails at the moment of the event, opened by a machine), and who left when."""
    rng = config.rng(chunk, "mails")
    mails = _all_mails(rng, config, people, profiles, orders, checkouts)
    size = mails.profile.size
    dead = profiles.dead[mails.profile]
    bounced = dead | (rng.random(size) < SOFT_BOUNCES)
    drop_out = ~bounced & (rng.random(size) < UNSUBSCRIBES)
    spam = ~bounced & ~drop_out & (rng.random(size) < SPAM_REPORTS)
    leave_wait = np.where(dead, 5, rng.integers(120, 7200, size))
    leaves_at = mails.second + leave_wait
    left_s = _first(mails.profile, leaves_at, drop_out | spam | dead, profiles.owner.size)
    sent = mails.second <= left_s[mails.profile]
    leaving = sent & (leaves_at == left_s[mails.profile])

    received = sent & ~bounced
    interest = profiles.interest[mails.profile]
    machine = received & profiles.machine[mails.profile] & (rng.random(size) < 0.93)
    opened = received & ((rng.random(size) < interest) | (leaving & drop_out))
    clicked = opened & (rng.random(size) < 0.04 + 0.2 * interest)
    again = opened & (rng.random(size) < 0.12)
    delay = (rng.lognormal(0.8, 1.3, size) * 3600).astype(np.int64) + 60
    delay = np.where(leaving, np.minimum(delay, leave_wait - 30), delay)
    human = np.zeros(size, dtype=bool)

    def event(metric: Metric, which: BoolArray, wait: IntArray, by_machine: BoolArray = human) -> tuple[
        Metric, Mails, BoolArray
    ]:  # fmt: skip
        found = _rows(mails, which)
        later = Mails(found.profile, found.second + wait[which], found.flow, found.message)
        return metric, later, by_machine[which]

    events = [
        event(Metric.RECEIVED, received, np.zeros(size, dtype=np.int64)),
        event(Metric.BOUNCED, sent & bounced, np.full(size, 4)),
        event(Metric.OPENED, machine, rng.integers(20, 600, size), ~human),
        event(Metric.OPENED, opened, delay),
        event(Metric.OPENED, again, delay + rng.integers(3600, 2 * DAY, size)),
        event(Metric.CLICKED, clicked, delay + rng.integers(5, 30, size)),
        event(Metric.UNSUBSCRIBED, leaving & drop_out, leave_wait),
        event(Metric.SPAM, leaving & spam, leave_wait),
    ]
    count = profiles.owner.size
    return events, Leavings(
        unsubscribed_s=_first(mails.profile, leaves_at, leaving & drop_out, count),
        suppressed_s=_first(mails.profile, leaves_at, leaving & (spam | dead), count),
    )


def _columns(mails: Mails) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    return mails.profile, mails.second, mails.flow, mails.message
