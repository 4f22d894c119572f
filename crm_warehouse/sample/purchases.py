"""When people buy: the buy-till-you-die process whose parameters the CLV models are to recover.

MBG/NBD: while active, a person buys at a rate of their own (gamma across people); after every purchase, the first
included, they leave for good with a probability of their own (beta across people). Order values are Gamma-Gamma.
Only these orders follow the process; cancelled, test and other odd orders are added beside them.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import hyp2f1

from crm_warehouse.sample.arrays import FloatArray, IntArray
from crm_warehouse.sample.clock import horizon_days, to_seconds
from crm_warehouse.sample.config import NEVER, SampleConfig
from crm_warehouse.sample.people import BUYERS, People

RATE_SHAPE = 0.9
DROPOUT_A, DROPOUT_B = 1.1, 6.0
# Spend: value ~ Gamma(P, nu), nu ~ Gamma(Q, V): mean P V / (Q - 1) = 82 euros.
SPEND_P, SPEND_Q, SPEND_V = 5.0, 4.2, 52.5
# First purchases thicken over the years: the share acquired by time t is (t / horizon) ** this.
ACQUISITION_GROWTH = 1.3
EXTRA_ORDERS = 0.07


@dataclass(frozen=True)
class Purchases:
    """The purchases of one chunk, ordered by person and time, and the truth about every person.

    Attributes:
        buyer: Position of the person, per purchase.
        second: When, per purchase.
        rate: Purchases per (average) day while active, per person.
        dropout: Probability of leaving after a purchase, per person.
        spend: Mean order value in euros, per person.
        left_s: Last purchase of those who left inside the history, else NEVER, per person.
        first_s: First purchase, NEVER for people who do not buy, per person.
    """

    buyer: IntArray
    second: IntArray
    rate: FloatArray
    dropout: FloatArray
    spend: FloatArray
    left_s: IntArray
    first_s: IntArray


@lru_cache(maxsize=8)
def rate_scale(orders_per_customer: float) -> float:
    """The gamma scale (alpha, days) that gives buyers the mean number of orders asked for."""
    wanted = orders_per_customer / BUYERS / (1 + EXTRA_ORDERS) - 1
    chances = (np.arange(200) + 0.5) / 200
    exposure = horizon_days() * (1 - chances ** (1 / ACQUISITION_GROWTH))
    a, b, r = DROPOUT_A, DROPOUT_B, RATE_SHAPE

    def surplus(log_alpha: float) -> float:
        alpha = np.exp(log_alpha)
        decay = (alpha / (alpha + exposure)) ** r
        tail = hyp2f1(r, b + 1, a + b, exposure / (alpha + exposure))
        return float(np.mean(b / (a - 1) * (1 - decay * tail))) - wanted

    return float(np.exp(brentq(surplus, np.log(0.02), np.log(50_000))))


def make_purchases(config: SampleConfig, chunk: int, people: People) -> Purchases:
    """Run the process for every buyer of the chunk until they leave or the history ends."""
    rng = config.rng(chunk, "purchases")
    size, horizon = people.size, float(horizon_days())
    rate = rng.gamma(RATE_SHAPE, 1 / rate_scale(config.orders_per_customer), size)
    dropout = rng.beta(DROPOUT_A, DROPOUT_B, size)
    spend = SPEND_P / rng.gamma(SPEND_Q, 1 / SPEND_V, size)
    clock = horizon * rng.random(size) ** (1 / ACQUISITION_GROWTH)
    active = np.flatnonzero(people.is_buyer)
    buyers, moments = [active], [clock[active]]
    left = np.full(size, np.inf)
    while active.size:
        stays = rng.random(active.size) >= dropout[active]
        gone = active[~stays]
        left[gone] = clock[gone]
        active = active[stays]
        clock[active] += rng.exponential(1.0, active.size) / rate[active]
        active = active[clock[active] < horizon]
        buyers.append(active)
        moments.append(clock[active])
    buyer, moment = np.concatenate(buyers), np.concatenate(moments)
    order = np.lexsort((moment, buyer))
    buyer, second = buyer[order], to_seconds(config, moment[order])
    first_s = np.full(size, NEVER)
    np.minimum.at(first_s, buyer, second)
    left_s = np.where(np.isfinite(left), to_seconds(config, np.minimum(left, horizon)), NEVER)
    return Purchases(buyer, second, rate, dropout, spend, left_s, first_s)
