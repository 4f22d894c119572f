"""Visits to the web shop, as the newsletter tool's tracking sees them."""

import numpy as np

from crm_warehouse.sample.arrays import BoolArray, Columns, IntArray
from crm_warehouse.sample.baskets import Baskets
from crm_warehouse.sample.catalogue import PRODUCT_TYPES, RUNGS, Catalogue
from crm_warehouse.sample.config import DAY, SampleConfig
from crm_warehouse.sample.events import event_part
from crm_warehouse.sample.messaging import Metric, Profiles, profile_of
from crm_warehouse.sample.orders import Kind, Orders
from crm_warehouse.sample.people import People

TRACKED = 0.6
AWAITS = 0.8
STEPS = (
    (Metric.ACTIVE, 1.0),
    (Metric.VIEWED, 0.9),
    (Metric.VIEWED, 0.5),
    (Metric.ADDED, 0.85),
    (Metric.CHECKOUT, 0.8),
)


def _visits(
    rng: np.random.Generator, config: SampleConfig, orders: Orders, baskets: Baskets
) -> tuple[IntArray, IntArray, IntArray, BoolArray]:
    """Buyer, start, product looked at, and whether the visit ends in an order."""
    shoppers = np.flatnonzero((orders.buyer >= 0) & (orders.kind == Kind.PURCHASE))
    bought = shoppers[rng.random(shoppers.size) < min(config.sessions_per_order, 1.0) * TRACKED]
    browsed = np.repeat(shoppers, rng.poisson(config.sessions_per_order * 0.6, shoppers.size))
    first_line = np.flatnonzero(baskets.index == 0)
    product = np.concatenate([
        baskets.product[first_line[bought]],
        rng.integers(0, len(PRODUCT_TYPES) * RUNGS, browsed.size),
    ])  # fmt: skip
    start = np.concatenate([
        orders.created_s[bought] - rng.integers(240, 2400, bought.size),
        orders.created_s[browsed] + rng.integers(-10 * DAY, 60 * DAY, browsed.size),
    ])  # fmt: skip
    buys = np.arange(product.size) < bought.size
    return orders.buyer[np.concatenate([bought, browsed])], start, product, buys


def site_events(
    config: SampleConfig,
    chunk: int,
    people: People,
    profiles: Profiles,
    orders: Orders,
    baskets: Baskets,
    catalogue: Catalogue,
) -> list[Columns]:
    """Events of the visits of people the tool already knows."""
    rng = config.rng(chunk, "site")
    buyer, start, product, buys = _visits(rng, config, orders, baskets)
    profile = profile_of(people, profiles)[buyer]
    known = (profile >= 0) & (profiles.created_s[profile] <= start) & (start >= config.start_s)
    profile, start, product, buys = profile[known], start[known], product[known], buys[known]
    parts = []
    for metric, chance in STEPS:
        happens = rng.random(profile.size) < chance
        if metric in (Metric.ADDED, Metric.CHECKOUT):
            happens &= buys | (rng.random(profile.size) < 0.12)
        parts.append(event_part(metric, profile[happens], start[happens], product=product[happens]))
        start = start + rng.integers(5, 46, profile.size)
    # Who finds a product sold out may ask to be told when it is there again.
    awaits = catalogue.is_sold_out(product, start) & (config.rng(chunk, "awaits").random(start.size) < AWAITS)
    parts.append(event_part(Metric.AWAITED, profile[awaits], start[awaits], product=product[awaits]))
    return parts
