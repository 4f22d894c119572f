"""The helpdesk: end users, tickets with their status history, replies and satisfaction."""

from dataclasses import dataclass

import numpy as np

from crm_warehouse.sample.arrays import Columns, IntArray, stack
from crm_warehouse.sample.config import CHUNK_PEOPLE, DAY, NEVER, SampleConfig
from crm_warehouse.sample.orders import Orders
from crm_warehouse.sample.payments import Refunds
from crm_warehouse.sample.people import People
from crm_warehouse.sample.records import Contacts, Email, draw_contacts

# Topics are numbered: delivery, return, product, payment, account.
RETURN = 1
AGENTS = 8
FIRST_AGENT_ID = 360_000_000_001
FIRST_USER_ID = 370_000_000_000
# Codes of the field history, in the order sql/zendesk/ticket_field_history.sql spells them.
NEW, OPEN, PENDING, SOLVED, CLOSED = range(5)
OFFERED, GOOD, BAD = range(3)
STATUS, SCORE, ASSIGNEE = range(3)


@dataclass(frozen=True)
class Tickets:
    """Tickets of the chunk; moments are unix seconds, NEVER when they do not happen.

    Attributes:
        user: Position of the requester among the chunk's end users.
        agent: Number of the agent.
        channel: 0 e-mail, 1 web form, 2 chat, 3 phone.
        tone: 0 friendly, 1 neutral, 2 angry.
    """

    ticket_id: IntArray
    user: IntArray
    agent: IntArray
    topic: IntArray
    channel: IntArray
    tone: IntArray
    created_s: IntArray
    assigned_s: IntArray
    replied_s: IntArray
    answered_s: IntArray
    solved_s: IntArray
    reopened_s: IntArray
    solved_again_s: IntArray
    closed_s: IntArray
    offered_s: IntArray
    rated_s: IntArray
    score: IntArray


@dataclass(frozen=True)
class Users:
    """End users: one per person who wrote, a second for some who wrote from elsewhere."""

    user_id: IntArray
    owner: IntArray
    created_s: IntArray
    contacts: Contacts


def _requests(
    rng: np.random.Generator, config: SampleConfig, people: People, orders: Orders, refunds: Refunds
) -> tuple[IntArray, IntArray, IntArray]:
    """Who writes, when, and about what: mostly about an order, more often when it comes back."""
    known = np.flatnonzero(orders.buyer >= 0)
    refunded = refunds.second[0][known] < NEVER
    weight = np.where(refunded, 4.0, 1.0)
    wanted = config.tickets_per_customer * people.size
    chance = weight * (wanted / max(float(weight.sum()), 1.0))
    order = np.repeat(known, np.floor(chance + rng.random(known.size)).astype(np.int64))
    moment = orders.created_s[order] + rng.integers(DAY // 4, 18 * DAY, order.size)
    topic = np.searchsorted([0.35, 0.5, 0.75, 0.88], rng.random(order.size), side="right")
    returns = (refunds.second[0][order] < NEVER) & (rng.random(order.size) < 0.7)
    inside = np.flatnonzero(moment < config.end_s)
    by_time = inside[np.lexsort((moment[inside], orders.buyer[order][inside]))]
    return orders.buyer[order][by_time], moment[by_time], np.where(returns, RETURN, topic)[by_time]


def _after(rng: np.random.Generator, moment: IntArray, median_hours: float, share: float = 1.0) -> IntArray:
    """A later moment (lognormal wait), for a share of the rows; NEVER stays NEVER."""
    wait = (rng.lognormal(np.log(median_hours), 0.9, moment.size) * 3600).astype(np.int64) + 60
    happens = (rng.random(moment.size) < share) & (moment < NEVER)
    return np.where(happens, moment + wait, NEVER)


def make_helpdesk(
    config: SampleConfig, chunk: int, people: People, orders: Orders, refunds: Refunds
) -> tuple[Users, Tickets]:
    """End users and tickets of the chunk."""
    rng = config.rng(chunk, "helpdesk")
    owner, created, topic = _requests(rng, config, people, orders, refunds)
    elsewhere = rng.random(owner.size) < 0.05
    key = owner * 2 + elsewhere
    keys, user = np.unique(key, return_inverse=True)
    first_s = np.full(keys.size, NEVER)
    np.minimum.at(first_s, user, created)
    contacts = draw_contacts(rng, keys.size, (0.06, 0.88, 0.04, 0.02, 0.0))
    contacts.email[keys % 2 == 1] = np.where(
        rng.random(int((keys % 2).sum())) < 0.4, Email.NONE, Email.SECOND
    )
    contacts.phone[contacts.email == Email.NONE] = 1
    people_of = keys // 2
    users = Users(
        user_id=FIRST_USER_ID + people.person[people_of] * 2 + keys % 2,
        owner=people_of,
        created_s=first_s,
        contacts=contacts,
    )
    return users, _lives(rng, chunk, user, created, topic)


def _lives(
    rng: np.random.Generator, chunk: int, user: IntArray, created: IntArray, topic: IntArray
) -> Tickets:
    """What happens to each ticket after it was opened."""
    size = created.size
    assigned = created + rng.integers(60, 3600, size)
    replied = _after(rng, assigned, 6.0, 0.985)
    answered = _after(rng, replied, 9.0, 0.55)
    last_word = np.where(answered < NEVER, answered, replied)
    solved = _after(rng, last_word, 5.0, 0.97)
    reopened = _after(rng, solved, 20.0, 0.11)
    solved_again = _after(rng, reopened, 12.0, 0.97)
    final = np.where(reopened < NEVER, solved_again, solved)
    closed = np.where(final < NEVER, final + 4 * DAY, NEVER)
    offered = np.where(final < NEVER, final + DAY, NEVER)
    tone = np.searchsorted([0.3, 0.75], rng.random(size), side="right")
    happy = rng.random(size) < np.array([0.95, 0.85, 0.45])[tone] - 0.25 * (reopened < NEVER)
    return Tickets(
        ticket_id=(chunk * CHUNK_PEOPLE * 64) + np.arange(size) + 1,
        user=user,
        agent=rng.integers(0, AGENTS, size),
        topic=topic,
        channel=np.searchsorted([0.55, 0.8, 0.93], rng.random(size), side="right"),
        tone=tone,
        created_s=created,
        assigned_s=assigned,
        replied_s=replied,
        answered_s=answered,
        solved_s=solved,
        reopened_s=reopened,
        solved_again_s=solved_again,
        closed_s=closed,
        offered_s=offered,
        rated_s=_after(rng, offered, 10.0, 0.33),
        score=np.where(happy, GOOD, BAD),
    )


def history_columns(tickets: Tickets) -> Columns:
    """One row per change of a ticket's status, satisfaction or assignee; `step` orders those of one second."""
    changes = (
        (STATUS, NEW, tickets.created_s),
        (STATUS, OPEN, tickets.assigned_s),
        (STATUS, PENDING, tickets.replied_s),
        (STATUS, OPEN, tickets.answered_s),
        (STATUS, SOLVED, tickets.solved_s),
        (STATUS, OPEN, tickets.reopened_s),
        (STATUS, SOLVED, tickets.solved_again_s),
        (STATUS, CLOSED, tickets.closed_s),
        (SCORE, OFFERED, tickets.offered_s),
        (SCORE, tickets.score, tickets.rated_s),
        (ASSIGNEE, tickets.agent, tickets.assigned_s),
    )
    parts: list[Columns] = []
    for step, (field, value, second) in enumerate(changes):
        rows = np.flatnonzero(second < NEVER)
        parts.append(
            {
                **_at_step(tickets, step, rows, second),
                "field": np.full(rows.size, field),
                "value": np.broadcast_to(np.asarray(value), second.shape)[rows],
            }
        )
    return stack(parts)


def comment_columns(tickets: Tickets) -> Columns:
    """One row per message of a ticket: question, reply, answer, solution, complaint, second solution."""
    moments = (
        tickets.created_s, tickets.replied_s, tickets.answered_s, tickets.solved_s, tickets.reopened_s,
        tickets.solved_again_s,
    )  # fmt: skip
    parts: list[Columns] = []
    for step, second in enumerate(moments):
        rows = np.flatnonzero(second < NEVER)
        parts.append(
            {**_at_step(tickets, step, rows, second), "comment_id": tickets.ticket_id[rows] * 8 + step}
        )
    return stack(parts)


def _at_step(tickets: Tickets, step: int, rows: IntArray, second: IntArray) -> Columns:
    """Which tickets reach a step of their life, and when."""
    return {"ticket_id": tickets.ticket_id[rows], "second": second[rows], "step": np.full(rows.size, step)}
