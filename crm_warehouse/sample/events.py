"""Everything the newsletter tool records about people, as one stream of events."""

import numpy as np

from crm_warehouse.sample.arrays import BoolArray, Columns, IntArray, stack
from crm_warehouse.sample.baskets import Baskets
from crm_warehouse.sample.config import NEVER, SampleConfig
from crm_warehouse.sample.messaging import Mails, Metric, Profiles, profile_of
from crm_warehouse.sample.orders import Kind, Orders
from crm_warehouse.sample.people import People

# Room for the events of one chunk in the event number.
EVENTS_PER_CHUNK = 1 << 26


def profile_number(people: People, profiles: Profiles, position: IntArray) -> IntArray:
    """The profile's number in the whole shop, which its id spells."""
    return people.person[profiles.owner[position]] * 2 + profiles.number[position]


def event_columns(
    config: SampleConfig,
    chunk: int,
    people: People,
    profiles: Profiles,
    orders: Orders,
    baskets: Baskets,
    mails: list[tuple[Metric, Mails, BoolArray]],
    visits: list[Columns],
) -> Columns:
    """Mail events, list joins, visits and the shop's own order events in one table, in order of time."""
    parts = [*visits]
    for metric, mail, machine in mails:
        parts.append(
            event_part(
                metric, mail.profile, mail.second, flow=mail.flow, message=mail.message, is_machine=machine
            )
        )
    joined = np.flatnonzero(profiles.subscribed_s < NEVER)
    parts.append(event_part(Metric.SUBSCRIBED, joined, profiles.subscribed_s[joined]))
    if not config.lean:
        parts.append(_order_events(people, profiles, orders, baskets))
    events = stack(parts)
    profile = events.pop("profile").astype(np.int64)
    order = np.lexsort((events["metric"], profile, events["second"]))
    return {
        "event_number": chunk * EVENTS_PER_CHUNK + np.arange(order.size),
        "profile_number": profile_number(people, profiles, profile[order]),
        **{name: values[order] for name, values in events.items()},
    }


def event_part(
    metric: Metric,
    profile: IntArray,
    second: IntArray,
    *,
    flow: IntArray | int = -1,
    message: IntArray | int = -1,
    is_machine: BoolArray | bool = False,
    product: IntArray | int = -1,
) -> Columns:
    """Events of one kind; what does not apply to it is -1."""
    values = {
        "metric": int(metric),
        "flow": flow,
        "message": message,
        "is_machine": is_machine,
        "product": product,
    }
    columns = {name: np.broadcast_to(np.asarray(value), profile.shape) for name, value in values.items()}
    return {"profile": profile, "second": second, **columns}


def _order_events(people: People, profiles: Profiles, orders: Orders, baskets: Baskets) -> Columns:
    """The orders as the newsletter tool's shop integration reports them: a second truth nobody should add up."""
    rows = np.flatnonzero((orders.buyer >= 0) & (orders.kind == Kind.PURCHASE))
    profile = profile_of(people, profiles)[orders.buyer[rows]]
    rows, profile = rows[profile >= 0], profile[profile >= 0]
    product = baskets.product[np.flatnonzero(baskets.index == 0)][rows]
    return event_part(Metric.ORDERED, profile, orders.created_s[rows] + 30, product=product)
