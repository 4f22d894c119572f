"""The orders of one chunk: the true purchases plus everything odd a shop's order table holds.

Belongs here: who ordered when, under which account, and the life of the order (paid, shipped, cancelled).
Does not: what is in it (`baskets.py`), money movements after it (`payments.py`).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from crm_warehouse.sample.arrays import IntArray
from crm_warehouse.sample.config import (
    DAY,
    ID_SLOTS,
    NEVER,
    WALK_IN_SLOT,
    WALK_INS_PER_CHUNK,
    SampleConfig,
)
from crm_warehouse.sample.people import People
from crm_warehouse.sample.purchases import Purchases


class Kind(IntEnum):
    """Why an order exists. Only PURCHASE belongs to the purchase process."""

    PURCHASE = 0
    CANCELLED = 1
    VOIDED = 2
    TEST = 3
    REPLACEMENT = 4
    GIFT_CARD = 5
    WALK_IN = 6


class Account(IntEnum):
    """Under what an order was placed."""

    MAIN = 0
    SECOND = 1
    FRESH = 2
    GUEST = 3
    NOBODY = 4


class Method(IntEnum):
    """How an order is paid."""

    CARD = 0
    PAYPAL = 1
    AUTHORIZED = 2
    BANK = 3


# Extra orders per purchase.
EXTRA_SHARE = {
    Kind.CANCELLED: 0.025,
    Kind.VOIDED: 0.012,
    Kind.TEST: 0.002,
    Kind.REPLACEMENT: 0.012,
    Kind.GIFT_CARD: 0.004,
    Kind.WALK_IN: 0.015,
}


@dataclass(frozen=True)
class Orders:
    """One row per order of the chunk, by person and time. Moments are unix seconds, NEVER when they do not happen.

    Attributes:
        buyer: Position of the person in the chunk; -1 for walk-ins.
        rank: How many orders the person placed before.
        delivered_s: When the (last) parcel arrived.
        second_parcel_s: When a second parcel left, for split deliveries.
    """

    order_id: IntArray
    buyer: IntArray
    kind: IntArray
    rank: IntArray
    account: IntArray
    method: IntArray
    created_s: IntArray
    paid_s: IntArray
    cancelled_s: IntArray
    voided_s: IntArray
    shipped_s: IntArray
    second_parcel_s: IntArray
    delivered_s: IntArray

    @property
    def size(self) -> int:
        """Orders in the chunk."""
        return len(self.order_id)


def _extras(
    config: SampleConfig, rng: np.random.Generator, purchases: Purchases
) -> tuple[IntArray, IntArray, IntArray]:
    """Odd orders: buyer, second and kind, each some time after one of the buyer's purchases."""
    buyers, seconds, kinds = [], [], []
    for kind, share in EXTRA_SHARE.items():
        chosen = np.flatnonzero(rng.random(purchases.buyer.size) < share)
        moment = purchases.second[chosen] + rng.integers(1800, 45 * DAY, chosen.size)
        chosen, moment = chosen[moment < config.end_s], moment[moment < config.end_s]
        if kind is Kind.WALK_IN:
            chosen, moment = chosen[:WALK_INS_PER_CHUNK], moment[:WALK_INS_PER_CHUNK]
        buyers.append(np.full(chosen.size, -1) if kind is Kind.WALK_IN else purchases.buyer[chosen])
        seconds.append(moment)
        kinds.append(np.full(chosen.size, kind))
    return np.concatenate(buyers), np.concatenate(seconds), np.concatenate(kinds)


def _one_per_second(buyer: IntArray, second: IntArray) -> IntArray:
    """Move a person's orders apart where two fall on one second (rows sorted by buyer and second)."""
    while True:
        clash = np.flatnonzero((np.diff(buyer) == 0) & (np.diff(second) <= 0)) + 1
        if not clash.size:
            return second
        second[clash] = second[clash - 1] + 1


def _rank(buyer: IntArray) -> IntArray:
    """Position within the buyer's run of rows."""
    starts = np.flatnonzero(np.diff(buyer, prepend=-2))
    return np.arange(buyer.size) - np.repeat(starts, np.diff(np.append(starts, buyer.size)))


def _accounts(rng: np.random.Generator, people: People, buyer: IntArray, rank: IntArray) -> IntArray:
    """Under what each order is placed."""
    chance = rng.random(buyer.size)
    guest = np.where(chance < 0.5, Account.GUEST, Account.FRESH)
    member = np.select([chance < 0.05, chance < 0.08], [Account.GUEST, Account.FRESH], Account.MAIN)
    # Some members forget their account and open a second one with another address.
    second_from = np.where(rng.random(people.size) < 0.06, rng.integers(1, 6, people.size), 1 << 30)
    member = np.where((member == Account.MAIN) & (rank >= second_from[buyer]), Account.SECOND, member)
    placed = np.where(people.guest[buyer], guest, member)
    return np.where(buyer < 0, Account.NOBODY, placed).astype(np.int64)


def _order_ids(
    config: SampleConfig, chunk: int, people: People, buyer: IntArray, second: IntArray
) -> IntArray:
    """Ids that grow with time and are unique across chunks."""
    slot = people.person[buyer]
    walk_in = np.flatnonzero(buyer < 0)
    slot[walk_in] = WALK_IN_SLOT + (chunk * WALK_INS_PER_CHUNK + np.arange(walk_in.size)) % (
        ID_SLOTS - WALK_IN_SLOT
    )
    return timed_id(config, second, slot)


def timed_id(config: SampleConfig, second: IntArray, slot: IntArray) -> IntArray:
    """An id from a moment and a slot that nothing else created in that second uses."""
    return (second - config.start_s + 400 * DAY) * ID_SLOTS + slot


def _paid(
    rng: np.random.Generator, kind: IntArray, method: IntArray, created: IntArray, shipped: IntArray
) -> IntArray:
    """When the money was received: at once, on shipping (capture), or days later (bank transfer)."""
    bank = created + rng.integers(DAY // 2, 4 * DAY, created.size)
    capture = np.where(shipped < NEVER, shipped - 600, created + 6 * 3600)
    paid = np.select([method == Method.AUTHORIZED, method == Method.BANK], [capture, bank], created)
    return np.where(kind == Kind.VOIDED, NEVER, paid)


def _methods(rng: np.random.Generator, kind: IntArray) -> IntArray:
    """Payment method by kind: voids need an authorization, cancellations something to give back."""
    drawn = np.searchsorted([0.4, 0.62, 0.93], rng.random(kind.size), side="right")
    at_once = np.isin(kind, (Kind.CANCELLED, Kind.WALK_IN, Kind.GIFT_CARD, Kind.TEST, Kind.REPLACEMENT))
    return np.select([kind == Kind.VOIDED, at_once], [Method.AUTHORIZED, drawn % 2], drawn).astype(np.int64)


def make_orders(config: SampleConfig, chunk: int, people: People, purchases: Purchases) -> Orders:
    """All orders of the chunk with the moments of their lives."""
    rng = config.rng(chunk, "orders")
    extra_buyer, extra_second, extra_kind = _extras(config, rng, purchases)
    buyer = np.concatenate([purchases.buyer, extra_buyer])
    second = np.concatenate([purchases.second, extra_second])
    kind = np.concatenate([np.zeros(purchases.buyer.size, dtype=np.int64), extra_kind])
    by_person = np.lexsort((kind, second, buyer))
    buyer, kind = buyer[by_person], kind[by_person]
    second = _one_per_second(buyer, second[by_person])
    account = _accounts(rng, people, buyer, rank := _rank(buyer))
    method = _methods(rng, kind)

    size = buyer.size
    ships = np.isin(kind, (Kind.PURCHASE, Kind.REPLACEMENT))
    wait = (rng.lognormal(-0.1, 0.7, size) * DAY).astype(np.int64) + 3600
    # A bank transfer must arrive before the parcel leaves.
    wait += np.where(method == Method.BANK, 4 * DAY, 0)
    at_once = np.isin(kind, (Kind.GIFT_CARD, Kind.WALK_IN))
    shipped = np.select([ships, at_once], [second + wait, second + 60], NEVER)
    split = ships & (rng.random(size) < 0.06)
    second_parcel = np.where(split, shipped + rng.integers(DAY // 2, 5 * DAY, size), NEVER)
    transit = rng.integers(DAY, 6 * DAY, size)
    arrives = ships & (rng.random(size) > 0.006)
    delivered = np.where(arrives, np.where(split, second_parcel, shipped) + transit, NEVER)
    ended = second + rng.integers(900, 2 * DAY, size)
    cancelled = (kind == Kind.CANCELLED) | ((kind == Kind.VOIDED) & (rng.random(size) < 0.7))
    return Orders(
        order_id=_order_ids(config, chunk, people, buyer, second),
        buyer=buyer,
        kind=kind,
        rank=rank,
        account=account,
        method=method,
        created_s=second,
        paid_s=_paid(rng, kind, method, second, shipped),
        cancelled_s=np.where(cancelled, ended, NEVER),
        voided_s=np.where(kind == Kind.VOIDED, ended, NEVER),
        shipped_s=shipped,
        second_parcel_s=second_parcel,
        delivered_s=delivered,
    )
