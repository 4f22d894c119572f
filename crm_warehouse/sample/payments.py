"""Money movements of orders: transactions, and refunds that come later, in part, or more than once."""

from dataclasses import dataclass

import numpy as np

from crm_warehouse.sample.arrays import BoolArray, Columns, IntArray, stack
from crm_warehouse.sample.baskets import Baskets, per_order
from crm_warehouse.sample.catalogue import GIFT_CARD_CENTS
from crm_warehouse.sample.config import DAY, NEVER, SampleConfig
from crm_warehouse.sample.orders import Kind, Method, Orders

REFUND_SHARE = 0.09
FULL, SOME_LINES, GOODWILL = 0, 1, 2
GOODWILL_CENTS = 500
# Codes of the transaction table, in the order sql/shopify/transaction.sql spells them; gateways go by Method.
GIFT_CARD_GATEWAY = 4
AUTHORIZATION, CAPTURE, SALE, VOID, REFUND = range(5)
SUCCESS, FAILURE, PENDING = range(3)
# Room for the transactions of one order in their ids.
SLOTS = 16


@dataclass(frozen=True)
class Refunds:
    """Up to two refunds per order, per order; lines' refunded quantities and cents per line and round.

    Attributes:
        second: When, per round (NEVER without one).
        quantity: Units, per round and line.
        subtotal: Cents without tax, per round and line.
        tax: Cents of tax, per round and line.
        shipping: Cents of shipping given back (first round).
        shipping_tax: Its tax.
        goodwill: Cents given back without a line, per round.
        amount: Cents given back in all, per round.
        full_s: When everything that was paid has been given back.
    """

    second: tuple[IntArray, IntArray]
    quantity: tuple[IntArray, IntArray]
    subtotal: tuple[IntArray, IntArray]
    tax: tuple[IntArray, IntArray]
    shipping: IntArray
    shipping_tax: IntArray
    goodwill: tuple[IntArray, IntArray]
    amount: tuple[IntArray, IntArray]
    full_s: IntArray


def _refund_moments(rng: np.random.Generator, orders: Orders, style: IntArray) -> tuple[IntArray, IntArray]:
    """When each order's refunds happen: after shipping and payment, or with the cancellation."""
    size = orders.size
    sold = np.isin(orders.kind, (Kind.PURCHASE, Kind.WALK_IN)) & (rng.random(size) < REFUND_SHARE)
    ready = np.maximum(orders.shipped_s, orders.paid_s)
    first = np.where(sold, ready + rng.integers(DAY, 35 * DAY, size), NEVER)
    first = np.where(orders.kind == Kind.CANCELLED, orders.cancelled_s, first)
    again = (style == SOME_LINES) & (first < NEVER) & (rng.random(size) < 0.25)
    return first, np.where(again, first + rng.integers(DAY, 30 * DAY, size), NEVER)


def _quantities(
    rng: np.random.Generator, baskets: Baskets, style: IntArray, again: BoolArray
) -> tuple[IntArray, IntArray]:
    """Units given back per line in the first and the second round."""
    order, quantity = baskets.order, baskets.quantity
    chosen = (baskets.index == 0) | (rng.random(order.size) < 0.35)
    some = np.where(chosen, 1 + rng.integers(0, 60, order.size) % quantity, 0)
    first = np.select([style[order] == FULL, style[order] == SOME_LINES], [quantity, some], 0)
    later = again[order] & (rng.random(order.size) < 0.6)
    return first, np.where(later, quantity - first, 0)


def _share(cents: IntArray, part: IntArray, whole: IntArray) -> IntArray:
    """Cents of `part` of `whole` units, rounded half up: rounds of refunds then add up to the line."""
    return (cents * part * 2 + whole) // (2 * whole)


def make_refunds(config: SampleConfig, chunk: int, orders: Orders, baskets: Baskets) -> Refunds:
    """Refunds of the chunk's orders; never more than was paid."""
    rng = config.rng(chunk, "refunds")
    size = orders.size
    style = np.searchsorted([0.4, 0.88], rng.random(size), side="right")
    style = np.where(orders.kind == Kind.CANCELLED, FULL, style)
    first_s, second_s = _refund_moments(rng, orders, style)
    style = np.where(first_s < NEVER, style, -1)
    one, two = _quantities(rng, baskets, style, second_s < NEVER)

    order, units = baskets.order, baskets.quantity
    net = baskets.price * units - baskets.code_discount - baskets.automatic_discount
    net_one, tax_one = _share(net, one, units), _share(baskets.line_tax, one, units)
    net_two = _share(net, one + two, units) - net_one
    tax_two = _share(baskets.line_tax, one + two, units) - tax_one

    with_shipping = (style == FULL) & ((orders.kind == Kind.CANCELLED) | (rng.random(size) < 0.6))
    shipping = np.where(with_shipping, baskets.shipping, 0)
    shipping_tax = np.where(with_shipping, baskets.shipping_tax, 0)
    lines_one = per_order(order, net_one + tax_one, size)
    lines_two = per_order(order, net_two + tax_two, size)
    left = baskets.total - lines_one - lines_two - shipping - shipping_tax
    goodwill = np.minimum(GOODWILL_CENTS, left)
    goodwill_one = np.where(style == GOODWILL, goodwill, 0)
    nothing_else = (second_s < NEVER) & (per_order(order, two, size) == 0)
    goodwill_two = np.where(nothing_else, goodwill, 0)
    amount_one = lines_one + shipping + shipping_tax + goodwill_one
    amount_two = lines_two + goodwill_two
    full_s = np.select(
        [
            (style >= 0) & (amount_one >= baskets.total),
            (style >= 0) & (amount_one + amount_two >= baskets.total),
        ],
        [first_s, second_s],
        NEVER,
    )
    return Refunds(
        second=(first_s, second_s),
        quantity=(one, two),
        subtotal=(net_one, net_two),
        tax=(tax_one, tax_two),
        shipping=shipping,
        shipping_tax=shipping_tax,
        goodwill=(goodwill_one, goodwill_two),
        amount=(amount_one, amount_two),
        full_s=full_s,
    )


def refund_id(orders: Orders, round_: int) -> IntArray:
    """Id of an order's first (0) or second (1) refund."""
    return orders.order_id * 4 + round_


def refund_columns(orders: Orders, refunds: Refunds) -> Columns:
    """One row per refund."""
    parts: list[Columns] = []
    for round_ in (0, 1):
        rows = np.flatnonzero(refunds.second[round_] < NEVER)
        parts.append(
            {
                "refund_id": refund_id(orders, round_)[rows],
                "order_id": orders.order_id[rows],
                "refund_s": refunds.second[round_][rows],
                "amount_c": refunds.amount[round_][rows],
            }
        )
    return stack(parts)


def refund_line_columns(orders: Orders, baskets: Baskets, refunds: Refunds) -> Columns:
    """One row per refunded line and refund."""
    parts: list[Columns] = []
    for round_ in (0, 1):
        rows = np.flatnonzero(refunds.quantity[round_] > 0)
        order = baskets.order[rows]
        parts.append(
            {
                "refund_line_id": baskets.line_id[rows] * 2 + round_,
                "refund_id": refund_id(orders, round_)[order],
                "line_id": baskets.line_id[rows],
                "refund_s": refunds.second[round_][order],
                "quantity": refunds.quantity[round_][rows],
                "subtotal_c": refunds.subtotal[round_][rows],
                "tax_c": refunds.tax[round_][rows],
            }
        )
    return stack(parts)


def adjustment_columns(orders: Orders, refunds: Refunds) -> Columns:
    """One row per amount given back without a line: shipping and goodwill. Amounts are negative, as Shopify's."""
    parts: list[Columns] = []
    untaxed = np.zeros(orders.size, dtype=np.int64)
    pieces = [(0, 0, refunds.shipping, refunds.shipping_tax)]
    pieces += [(round_, 1, refunds.goodwill[round_], untaxed) for round_ in (0, 1)]
    for round_, is_goodwill, amount, tax in pieces:
        rows = np.flatnonzero((amount > 0) & (refunds.second[round_] < NEVER))
        refund = refund_id(orders, round_)[rows]
        parts.append(
            {
                "adjustment_id": refund * 2 + is_goodwill,
                "refund_id": refund,
                "order_id": orders.order_id[rows],
                "refund_s": refunds.second[round_][rows],
                "amount_c": -amount[rows],
                "tax_c": -tax[rows],
                "is_goodwill": np.full(rows.size, is_goodwill),
            }
        )
    return stack(parts)


def _transactions(
    orders: Orders, which: BoolArray, second: IntArray, slot: int, kind: int, amount: IntArray, *,
    status: int = SUCCESS, gateway: IntArray | None = None, refund: IntArray | None = None,
    parent: IntArray | None = None,
) -> Columns:  # fmt: skip
    """One transaction for each of some orders; `slot` is its place in the order, from which its id follows."""
    rows = np.flatnonzero(which & (second < NEVER))
    nothing = np.zeros(orders.size, dtype=np.int64)
    return {
        "transaction_id": orders.order_id[rows] * SLOTS + slot,
        "order_id": orders.order_id[rows],
        "second": second[rows],
        "kind": np.full(rows.size, kind),
        "status": np.full(rows.size, status),
        "amount_c": amount[rows],
        "gateway": (orders.method if gateway is None else gateway)[rows],
        "refund_id": (nothing if refund is None else refund)[rows],
        "parent_id": (nothing if parent is None else parent)[rows],
        "is_test": orders.kind[rows] == Kind.TEST,
    }


def transaction_columns(
    config: SampleConfig, chunk: int, orders: Orders, baskets: Baskets, refunds: Refunds
) -> Columns:
    """One row per transaction: payments, failed and pending attempts, voids, refunds."""
    rng = config.rng(chunk, "transactions")
    created, paid, method = orders.created_s, orders.paid_s, orders.method
    held, wired = method == Method.AUTHORIZED, method == Method.BANK
    redeems = (orders.kind == Kind.PURCHASE) & ~held & (rng.random(orders.size) < 0.02)
    card = np.where(redeems, np.minimum(GIFT_CARD_CENTS[0], baskets.total), 0)
    main = baskets.total - card
    owed = main > 0
    declined = owed & (method == Method.CARD) & (rng.random(orders.size) < 0.03)
    first = orders.order_id * SLOTS
    paying = np.where(held | wired, first + 2, first)
    by_card = np.full(orders.size, GIFT_CARD_GATEWAY)
    parts = [
        _transactions(orders, owed & held, created, 0, AUTHORIZATION, main),
        _transactions(orders, owed & wired, created, 0, SALE, main, status=PENDING),
        _transactions(orders, owed & ~held & ~wired, created, 0, SALE, main),
        _transactions(orders, declined, created, 1, SALE, main, status=FAILURE),
        _transactions(orders, owed & held, paid, 2, CAPTURE, main, parent=first),
        _transactions(orders, owed & wired, paid, 2, SALE, main, parent=first),
        _transactions(orders, owed & held, orders.voided_s, 3, VOID, main, parent=first),
        _transactions(orders, card > 0, created, 6, SALE, card, gateway=by_card),
    ]
    for round_ in (0, 1):
        given = refunds.amount[round_]
        parts.append(
            _transactions(
                orders,
                given > 0,
                refunds.second[round_],
                4 + round_,
                REFUND,
                given,
                refund=refund_id(orders, round_),
                parent=paying,
            )  # fmt: skip
        )
    return stack(parts)
