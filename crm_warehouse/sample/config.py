"""What a sample shop is made from: its size, its period, and the random stream of every part of it."""

import math
import zlib
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal, TypedDict

import numpy as np

from crm_warehouse.errors import WarehouseError

Shape = Literal["rest", "graphql"]

SHOP_START = date(2022, 7, 1)
SHOP_END = date(2025, 6, 30)
DAY = 86_400
# Later than any moment of any shop: a fact at this second never happens.
NEVER = 1 << 40
# People are generated in groups of this size, each from its own seed: memory stays flat, and the shop does
# not depend on how much of it is held at once.
CHUNK_PEOPLE = 25_000
# Ids are (second, slot): they grow with time as a real shop's do, and no two chunks can collide.
ID_SLOTS = 1 << 24
WALK_IN_SLOT = 12_000_000
WALK_INS_PER_CHUNK = 9_000
MAX_PEOPLE = 12_000_000


class Mix(TypedDict, total=False):
    """How much of everything a shop has per person."""

    orders_per_customer: float
    emails_per_customer: float
    sessions_per_order: float
    tickets_per_customer: float
    lean: bool


# Per million people: 10 M orders, 30 M order lines, 30 M e-mail events, 1 M tickets.
BENCHMARK_MIX: Mix = {
    "orders_per_customer": 10.0,
    "emails_per_customer": 20.5,
    "sessions_per_order": 0.2,
    "tickets_per_customer": 1.0,
    "lean": True,
}


@dataclass(frozen=True)
class SampleConfig:
    """One sample shop; two equal configurations write equal files.

    Attributes:
        customers: People in the truth. One in ten never orders.
        seed: Everything random follows from it.
        until: Last second (unix, inclusive) of what the raw tables know. The shop itself does not depend on it.
        shape: Table and column names of Fivetran's Shopify connector.
        seasonality: Purchase times follow months, weekdays and sale days instead of an even clock.
        orders_per_customer: Mean orders per person over the whole period.
        emails_per_customer: Mean e-mail deliveries per person.
        sessions_per_order: Mean visits to the web shop per order.
        tickets_per_customer: Mean support tickets per person.
        lean: Leave out optional tables and columns (benchmarks of a million customers).
    """

    customers: int = 3000
    seed: int = 42
    until: int = 0
    shape: Shape = "rest"
    seasonality: bool = True
    orders_per_customer: float = 4.0
    emails_per_customer: float = 12.0
    sessions_per_order: float = 1.0
    tickets_per_customer: float = 0.35
    lean: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that the id scheme or the purchase process cannot serve."""
        if not 1 <= self.customers <= MAX_PEOPLE:
            raise WarehouseError(f"customers must be between 1 and {MAX_PEOPLE:,}, got {self.customers:,}.")
        if not 1.2 <= self.orders_per_customer <= 12:
            raise WarehouseError(
                f"orders_per_customer must be between 1.2 and 12, got {self.orders_per_customer}: "
                "almost everybody buys once, and the purchase process cannot reach higher means in three years."
            )
        if self.shape not in ("rest", "graphql"):
            raise WarehouseError(f"shape must be 'rest' or 'graphql', got {self.shape!r}.")

    @property
    def start_s(self) -> int:
        """First second of the shop's history."""
        return unix(SHOP_START)

    @property
    def end_s(self) -> int:
        """First second after the shop's history."""
        return unix(SHOP_END) + DAY

    @property
    def chunks(self) -> int:
        """Groups of people, each generated from its own seed."""
        return math.ceil(self.customers / CHUNK_PEOPLE)

    def rng(self, chunk: int, part: str) -> np.random.Generator:
        """The random stream of one part of one chunk, so that a change in one part leaves the others alone."""
        key = (chunk, zlib.crc32(part.encode()))
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=key)))

    def describe(self) -> dict[str, Any]:
        """The configuration as it is written beside the truth."""
        return {**asdict(self), "until": datetime.fromtimestamp(self.until, UTC).isoformat()}


def unix(day: date) -> int:
    """The day's first second in UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def until_second(until: date | datetime | None) -> int:
    """The last second that `until` includes: a day means its end in UTC, None the end of the history."""
    last = unix(SHOP_END) + DAY - 1
    if until is None:
        return last
    if isinstance(until, datetime):
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(last, int(aware.timestamp()))
    return min(last, unix(until) + DAY - 1)
