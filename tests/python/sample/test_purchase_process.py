"""The purchase process can be found again in the orders it made."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from crm_warehouse.sample.arrays import FloatArray
from crm_warehouse.sample.clock import horizon_days, to_seconds
from crm_warehouse.sample.config import DAY, SampleConfig
from crm_warehouse.sample.people import People, make_people
from crm_warehouse.sample.purchases import (
    DROPOUT_A,
    DROPOUT_B,
    RATE_SHAPE,
    SPEND_P,
    SPEND_Q,
    SPEND_V,
    Purchases,
    make_purchases,
    rate_scale,
)
from tests.python.sample.conftest import CUSTOMERS, Shop

CONFIG = SampleConfig(customers=12_000, seed=1, seasonality=False)


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(CONFIG, 0)


@pytest.fixture(scope="module")
def purchases(people: People) -> Purchases:
    return make_purchases(CONFIG, 0, people)


def mbg_nbd(orders: FloatArray, last: FloatArray, age: FloatArray) -> FloatArray:
    """Maximum-likelihood r, alpha, a, b (Batislam et al. 2007)."""

    def loss(log_parameters: FloatArray) -> float:
        r, alpha, a, b = np.exp(log_parameters)
        base = gammaln(r + orders) - gammaln(r) + r * np.log(alpha)
        base += betaln(a, b + orders + 1) - betaln(a, b)
        alive = -(r + orders) * np.log(alpha + age)
        dead = np.log(a / (b + orders)) - (r + orders) * np.log(alpha + last)
        return -float(np.sum(base + np.logaddexp(alive, dead)))

    return np.exp(minimize(loss, np.zeros(4), method="L-BFGS-B").x)


def test_the_fit_finds_rate_and_dropout(people: People, purchases: Purchases) -> None:
    count = np.bincount(purchases.buyer, minlength=people.size)[people.is_buyer]
    end = CONFIG.end_s
    last_s = np.zeros(people.size, dtype=np.int64)
    np.maximum.at(last_s, purchases.buyer, purchases.second)
    first, last = purchases.first_s[people.is_buyer], last_s[people.is_buyer]
    r, alpha, a, b = mbg_nbd(count - 1.0, (last - first) / DAY, (end - first) / DAY)
    assert r / alpha == pytest.approx(RATE_SHAPE / rate_scale(CONFIG.orders_per_customer), rel=0.1)
    assert r == pytest.approx(RATE_SHAPE, rel=0.15)
    assert a / (a + b) == pytest.approx(DROPOUT_A / (DROPOUT_A + DROPOUT_B), rel=0.12)


def test_mean_spend_is_what_the_parameters_say(purchases: Purchases) -> None:
    assert purchases.spend.mean() == pytest.approx(SPEND_P * SPEND_V / (SPEND_Q - 1), rel=0.05)


def test_orders_of_a_person_cost_what_the_truth_says(shop: Shop) -> None:
    """Over all people: goods after discounts, purchases only, against each buyer's own mean."""
    paid, expected = shop.rows("""
        select sum(l.goods - coalesce(d.off, 0)), sum(p.mean_order_value)
        from {_truth.orders} t
        join {_truth.people} p on p.person_id = t.person_id
        join (select order_id, sum(price * quantity) as goods from {shopify.order_line}
            where not gift_card group by 1) l on l.order_id = t.order_id
        left join (select x.order_id, sum(a.amount) as off from {shopify.discount_allocation} a
            join {shopify.order_line} x on x.id = a.order_line_id group by 1) d on d.order_id = t.order_id
        where t.kind = 'purchase'""")[0]
    assert float(paid) == pytest.approx(float(expected), rel=0.06)


@pytest.mark.parametrize("orders_per_customer", [2.0, 4.0, 10.0])
def test_people_order_as_often_as_asked_for(orders_per_customer: float) -> None:
    config = SampleConfig(customers=8_000, seed=3, orders_per_customer=orders_per_customer)
    people = make_people(config, 0)
    purchases = make_purchases(config, 0, people)
    # The odd orders beside the process make up the rest.
    assert purchases.buyer.size * 1.07 / people.size == pytest.approx(orders_per_customer, rel=0.08)


def test_the_truth_counts_the_purchases_in_the_shop(shop: Shop) -> None:
    assert shop.value("select count(*) from {_truth.people}") == CUSTOMERS
    assert (
        shop.rows("""
        with bought as (
            select t.person_id, count(*) as n, min(o.created_at) as first_at, max(o.created_at) as last_at
            from {_truth.orders} t join {shopify.order} o on o.id = t.order_id
            where t.kind = 'purchase' group by 1)
        select p.person_id from {_truth.people} p left join bought b on b.person_id = p.person_id
        where p.purchase_count <> coalesce(b.n, 0)
            or (p.left_at is not null and b.last_at is distinct from p.left_at)
            or p.first_purchase_at is distinct from b.first_at""")
        == []
    )


def test_seasons_move_purchases_within_the_year() -> None:
    even = np.linspace(0, horizon_days() - 1e-6, 100_000)
    months = to_seconds(SampleConfig(), even).astype("datetime64[s]").astype("datetime64[M]")
    _, counts = np.unique(months, return_counts=True)
    assert counts.max() > 1.6 * counts.min()
    plain = to_seconds(SampleConfig(seasonality=False), even)
    assert np.abs((plain - CONFIG.start_s) / DAY - even).max() < 1
