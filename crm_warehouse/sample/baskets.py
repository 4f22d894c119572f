"""What is in the orders: lines, discounts and taxes, in whole cents.

An order's value is drawn from its buyer's Gamma-Gamma spend and then filled with real products, so line prices,
discounts and totals add up exactly while values keep their distribution.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm_warehouse.sample.arrays import BoolArray, FloatArray, IntArray
from crm_warehouse.sample.catalogue import (
    GIFT_CARD_CENTS,
    HIGHEST_CENTS,
    LOWEST_CENTS,
    PRODUCT_TYPES,
    RUNGS,
    Catalogue,
    variant_id,
)
from crm_warehouse.sample.config import SampleConfig
from crm_warehouse.sample.orders import Kind, Orders
from crm_warehouse.sample.people import People
from crm_warehouse.sample.purchases import SPEND_P, Purchases
from crm_warehouse.sample.vocabulary import COUNTRIES

MAX_LINES = 12
FREE_SHIPPING_CENTS, SHIPPING_CENTS = 6000, 490
# code, percent off, cents off; the first application of an order. Position 0 is "no discount".
OFFERS = (("", 0, 0), ("WILLKOMMEN10", 10, 0), ("SOMMER15", 15, 0), ("TREUE20", 20, 0), ("FUENFER", 0, 500))
OFFER_CHANCE = (0.72, 0.82, 0.9, 0.94, 1.0)
AUTOMATIC_PERCENT = 5
REPLACEMENT_OFFER = len(OFFERS)


@dataclass(frozen=True)
class Baskets:
    """Lines (in order of their orders) and the orders' sums, in cents.

    Attributes:
        order: Position of the order, per line.
        index: Position of the line within its order.
        code_discount: Allocated from the order's first discount application, per line.
        automatic_discount: Allocated from the automatic application, per line.
        offer: The order's first discount application (position in OFFERS, or REPLACEMENT_OFFER).
        automatic: Whether the order also has the automatic application.
    """

    order: IntArray
    index: IntArray
    line_id: IntArray
    product: IntArray
    variant_id: IntArray
    quantity: IntArray
    price: IntArray
    is_gift: BoolArray
    code_discount: IntArray
    automatic_discount: IntArray
    line_tax: IntArray
    tax_percent: IntArray
    offer: IntArray
    automatic: BoolArray
    gross: IntArray
    discount: IntArray
    shipping: IntArray
    shipping_tax: IntArray
    tax: IntArray
    tip: IntArray
    total: IntArray


def per_order(order: IntArray, values: npt.NDArray[np.generic], size: int) -> IntArray:
    """Sum line values by order."""
    return np.bincount(order, weights=values.astype(np.float64), minlength=size).astype(np.int64)


def allocate(amount: IntArray, weight: IntArray, order: IntArray) -> IntArray:
    """Share an order's cents over its lines by weight, so that the shares add up to the cent."""
    until_line = np.cumsum(weight)
    starts = np.flatnonzero(np.diff(order, prepend=-1))
    before_order = (until_line - weight)[starts]
    run = np.repeat(np.arange(starts.size), np.diff(np.append(starts, order.size)))
    within = until_line - before_order[run]
    whole = np.maximum(per_order(run, weight, starts.size)[run], 1)
    reached = (amount[order] * within * 2 + whole) // (2 * whole)
    share: IntArray = np.diff(reached, prepend=0)
    share[starts] = reached[starts]
    return share


def percent_of(cents: IntArray, percent: IntArray | int) -> IntArray:
    """A percentage, rounded half up to the cent."""
    return (cents * percent + 50) // 100


def _line_counts(rng: np.random.Generator, kind: IntArray, cents: FloatArray) -> IntArray:
    """Lines per order: about three, fewer where the value would not reach."""
    wanted = 1 + rng.poisson(2.2, kind.size)
    most = np.clip((cents / 900).astype(np.int64), 1, MAX_LINES - 1)
    single = np.isin(kind, (Kind.TEST, Kind.REPLACEMENT, Kind.GIFT_CARD))
    return np.where(single, 1, np.minimum(wanted, most))


def _products(
    rng: np.random.Generator, config: SampleConfig, people: People, buyer: IntArray, cents: FloatArray
) -> tuple[IntArray, IntArray]:
    """Product and quantity whose price is nearest to the wanted cents, mostly of the buyer's favourite type."""
    size = cents.size
    quantity = np.searchsorted([0.84, 0.96], rng.random(size), side="right") + 1
    favourite = (people.person[buyer] * 48_271 // 7) % len(PRODUCT_TYPES)
    any_type = np.floor(len(PRODUCT_TYPES) * rng.random(size) ** 1.3).astype(np.int64)
    kind = np.where(rng.random(size) < 0.55, favourite, any_type)
    step = np.log(HIGHEST_CENTS / LOWEST_CENTS) / (RUNGS - 1)
    rung = np.rint(np.log(np.maximum(cents / quantity, 1.0) / LOWEST_CENTS) / step).astype(np.int64)
    return kind * RUNGS + np.clip(rung, 0, RUNGS - 1), quantity


def _offers(rng: np.random.Generator, kind: IntArray) -> tuple[IntArray, BoolArray]:
    """Discount applications per order."""
    offer = np.searchsorted(OFFER_CHANCE[:-1], rng.random(kind.size), side="right")
    automatic = rng.random(kind.size) < 0.05
    plain = np.isin(kind, (Kind.GIFT_CARD, Kind.WALK_IN))
    replaced = (kind == Kind.REPLACEMENT) & (rng.random(kind.size) < 0.5)
    offer = np.select([replaced, plain | (kind == Kind.REPLACEMENT)], [REPLACEMENT_OFFER, 0], offer)
    return offer, automatic & ~plain & (kind != Kind.REPLACEMENT)


def _variants(
    rng: np.random.Generator, config: SampleConfig, chunk: int, people: People, buyer: IntArray
) -> IntArray:
    """Most buy their own size, some for others; taken modulo the variants that a product has."""
    any_size = rng.integers(0, 60, buyer.size)
    own = config.rng(chunk, "sizes").random(buyer.size) < 0.6
    return np.where(own, people.person[buyer], any_size)


def make_baskets(
    config: SampleConfig,
    chunk: int,
    people: People,
    purchases: Purchases,
    orders: Orders,
    catalogue: Catalogue,
) -> Baskets:
    """Fill the chunk's orders."""
    rng = config.rng(chunk, "baskets")
    size, kind = orders.size, orders.kind
    offer, automatic = _offers(rng, kind)
    percent = np.array([o[1] for o in OFFERS] + [100])[offer]
    off_cents = np.array([o[2] for o in OFFERS] + [0])[offer]
    # A walk-in's buyer is -1: numpy then takes the last person's taste, which is as good as any.
    wanted = rng.gamma(SPEND_P, 1 / SPEND_P, size) * purchases.spend[orders.buyer] * 100
    keeps = np.maximum(1 - percent / 100, 0.5) * np.where(automatic, 1 - AUTOMATIC_PERCENT / 100, 1.0)
    cents = (wanted + off_cents) / keeps

    lines = _line_counts(rng, kind, cents)
    gift_lines = ((kind == Kind.PURCHASE) & (rng.random(size) < 0.012)).astype(np.int64)
    order = np.repeat(np.arange(size), lines + gift_lines)
    starts = np.cumsum(lines + gift_lines) - lines - gift_lines
    index = np.arange(order.size) - starts[order]
    is_gift = (index >= lines[order]) | (kind[order] == Kind.GIFT_CARD)

    weight = np.where(is_gift, 0.0, rng.exponential(1.0, order.size) + 0.3)
    share = weight / np.maximum(np.bincount(order, weights=weight, minlength=size), 1e-9)[order]
    product, quantity = _products(rng, config, people, orders.buyer[order], cents[order] * share)
    product = np.where(is_gift, catalogue.gift_card, product)
    quantity = np.where(is_gift, 1, quantity)
    variant = _variants(rng, config, chunk, people, orders.buyer[order]) % catalogue.variants[product]
    variant = np.where((variant == 0) & catalogue.is_sold_out(product, orders.created_s[order]), 1, variant)
    gift_price = np.array(GIFT_CARD_CENTS)[variant % len(GIFT_CARD_CENTS)]
    price = np.where(is_gift, gift_price, catalogue.price_at(product, orders.created_s[order]))
    free = (kind == Kind.REPLACEMENT) & (offer == 0)
    price = np.where(free[order], 0, price)

    gross_line = price * quantity
    eligible = np.where(is_gift, 0, gross_line)
    goods = per_order(order, eligible, size)
    by_code = np.minimum(percent_of(goods, percent) + off_cents, goods)
    by_rule = np.where(automatic, percent_of(goods - by_code, AUTOMATIC_PERCENT), 0)
    code_discount = allocate(by_code, eligible, order)
    automatic_discount = allocate(by_rule, eligible - code_discount, order)

    home = np.array([c.tax_percent for c in COUNTRIES])[people.country[orders.buyer]]
    tax_percent = np.where(kind == Kind.WALK_IN, 19, home)
    line_tax = percent_of(eligible - code_discount - automatic_discount, tax_percent[order])
    posted = np.isin(kind, (Kind.WALK_IN, Kind.GIFT_CARD, Kind.REPLACEMENT))
    shipping = np.where(posted | (goods - by_code - by_rule >= FREE_SHIPPING_CENTS), 0, SHIPPING_CENTS)
    shipping_tax = percent_of(shipping, tax_percent)
    tip = np.where((kind == Kind.PURCHASE) & (rng.random(size) < 0.01), 200, 0)
    gross = per_order(order, gross_line, size)
    discount = per_order(order, code_discount + automatic_discount, size)
    tax = per_order(order, line_tax, size) + shipping_tax
    return Baskets(
        order=order,
        index=index,
        line_id=orders.order_id[order] * 16 + index,
        product=product,
        variant_id=variant_id(product, variant),
        quantity=quantity,
        price=price,
        is_gift=is_gift,
        code_discount=code_discount,
        automatic_discount=automatic_discount,
        line_tax=line_tax,
        tax_percent=tax_percent,
        offer=offer,
        automatic=automatic & (by_rule > 0),
        gross=gross,
        discount=discount,
        shipping=shipping,
        shipping_tax=shipping_tax,
        tax=tax,
        tip=tip,
        total=gross - discount + shipping + tax + tip,
    )
