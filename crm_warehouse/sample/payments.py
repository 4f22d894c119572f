"""Money movements of orders: transactions, and refunds that come later, in part, or more than once."""

from dataclasses import dataclass

import numpy as np

from crm_warehouse.sample.arrays import BoolArray, Columns, IntArray
from crm_warehouse.sample.baskets import Baskets, per_order
from crm_warehouse.sample.config import DAY, NEVER, SampleConfig
from crm_warehouse.sample.orders import Kind, Method, Orders

REFUND_SHARE = 0.09
FULL, SOME_LINES, GOODWILL = 0, 1, 2
GOODWILL_CENTS = 500
GATEWAYS = ("shopify_payments", "paypal", "klarna", "bank_deposit", "gift_card")
GIFT_CARD_GATEWAY = 4
AUTHORIZATION, CAPTURE, SALE, VOID, REFUND = range(5)
TRANSACTION_KINDS = ("authorization", "capture", "sale", "void", "refund")
SUCCESS, FAILURE, PENDING = range(3)
TRANSACTION_STATUSES = ("success", "failure", "pending")


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
    parts = []
    for round_ in (0, 1):
        rows = np.flatnonzero(refunds.second[round_] < NEVER)
        parts.append((refund_id(orders, round_)[rows], orders.order_id[rows], refunds.second[round_][rows],
                      refunds.amount[round_][rows], np.full(rows.size, round_)))  # fmt: skip
    ids, order_ids, seconds, amounts, rounds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        "refund_id": ids,
        "order_id": order_ids,
        "refund_s": seconds,
        "amount_c": amounts,
        "round": rounds,
    }


def refund_line_columns(orders: Orders, baskets: Baskets, refunds: Refunds) -> Columns:
    """One row per refunded line and refund."""
    parts = []
    for round_ in (0, 1):
        quantity = refunds.quantity[round_]
        rows = np.flatnonzero(quantity > 0)
        order = baskets.order[rows]
        parts.append((baskets.line_id[rows] * 2 + round_, refund_id(orders, round_)[order], baskets.line_id[rows],
                      refunds.second[round_][order], quantity[rows], refunds.subtotal[round_][rows],
                      refunds.tax[round_][rows]))  # fmt: skip
    names = ("refund_line_id", "refund_id", "line_id", "refund_s", "quantity", "subtotal_c", "tax_c")
    return dict(zip(names, (np.concatenate(c) for c in zip(*parts, strict=True)), strict=True))


def adjustment_columns(orders: Orders, refunds: Refunds) -> Columns:
    """One row per amount given back without a line: shipping and goodwill. Amounts are negative, as Shopify's."""
    parts = []
    pieces = [(0, 0, refunds.shipping, refunds.shipping_tax)]
    pieces += [(r, 1, refunds.goodwill[r], np.zeros(orders.size, dtype=np.int64)) for r in (0, 1)]
    for round_, is_goodwill, amount, tax in pieces:
        rows = np.flatnonzero((amount > 0) & (refunds.second[round_] < NEVER))
        ids = refund_id(orders, round_)[rows]
        parts.append((ids * 2 + is_goodwill, ids, orders.order_id[rows], refunds.second[round_][rows],
                      -amount[rows], -tax[rows], np.full(rows.size, is_goodwill)))  # fmt: skip
    names = ("adjustment_id", "refund_id", "order_id", "refund_s", "amount_c", "tax_c", "is_goodwill")
    return dict(zip(names, (np.concatenate(c) for c in zip(*parts, strict=True)), strict=True))


def transaction_columns(
    config: SampleConfig, chunk: int, orders: Orders, baskets: Baskets, refunds: Refunds
) -> Columns:
    """One row per transaction: payments, failed and pending attempts, voids, refunds."""
    rng = config.rng(chunk, "transactions")
    size, method = orders.size, orders.method
    pays = baskets.total > 0
    by_card = pays & (method == Method.CARD)
    gift = np.where((orders.kind == Kind.PURCHASE) & (method != Method.AUTHORIZED) & (rng.random(size) < 0.02),
                    np.minimum(2500, baskets.total), 0)  # fmt: skip
    main = baskets.total - gift
    owed, held, wired = main > 0, method == Method.AUTHORIZED, method == Method.BANK
    created, paid, none = orders.created_s, orders.paid_s, np.zeros(size, dtype=np.int64)
    base = orders.order_id * 16
    paying = np.where(held | wired, base + 2, base)
    # slot in the order, which orders, when, kind, status, cents, gateway, refund, parent
    pieces = [
        (0, owed & held, created, AUTHORIZATION, SUCCESS, main, method, none, none),
        (0, owed & wired, created, SALE, PENDING, main, method, none, none),
        (0, owed & ~held & ~wired, created, SALE, SUCCESS, main, method, none, none),
        (1, owed & by_card & (rng.random(size) < 0.03), created, SALE, FAILURE, main, method, none, none),
        (2, owed & held & (paid < NEVER), paid, CAPTURE, SUCCESS, main, method, none, base),
        (2, owed & wired, paid, SALE, SUCCESS, main, method, none, base),
        (3, owed & held, orders.voided_s, VOID, SUCCESS, main, method, none, base),
        (6, gift > 0, created, SALE, SUCCESS, gift, np.full(size, GIFT_CARD_GATEWAY), none, none),
    ]
    for r in (0, 1):
        given = refunds.amount[r] > 0
        pieces.append(
            (
                4 + r,
                given,
                refunds.second[r],
                REFUND,
                SUCCESS,
                refunds.amount[r],
                method,
                refund_id(orders, r),
                paying,
            )
        )
    parts = []
    for slot, which, second, kind, status, amount, gateway, refund, parent in pieces:
        rows = np.flatnonzero(which & (second < NEVER))
        parts.append((base[rows] + slot, orders.order_id[rows], second[rows], np.full(rows.size, kind),
                      np.full(rows.size, status), amount[rows], gateway[rows], refund[rows], parent[rows],
                      orders.kind[rows] == Kind.TEST))  # fmt: skip
    names = ("transaction_id", "order_id", "second", "kind", "status", "amount_c", "gateway", "refund_id",
             "parent_id", "is_test")  # fmt: skip
    return dict(zip(names, (np.concatenate(c) for c in zip(*parts, strict=True)), strict=True))
