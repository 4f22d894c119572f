"""The scoring SQL against scipy, on shops that are hard to score, and on a real hold-out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import betaln, hyp2f1

from crm_warehouse.clv.cells import PurchaseCells
from crm_warehouse.clv.purchases import log_likelihood
from crm_warehouse.clv.store import FitRow
from tests.python.clv.conftest import Scores
from tests.python.clv.shops import AS_OF, FloatArray, Process, Shop, simulate

Score = Callable[..., Scores]


@pytest.fixture
def fitted_shop(score: Score) -> tuple[Shop, Scores]:
    shop = simulate(2_000)
    return shop, score(shop.customers(refunds=0.1), shop.orders(), choices="candidate = 'mbg_nbd'")


def expected_if_alive(fit: FitRow, x: float, age_days: float, horizon_days: float) -> float:
    """The textbook form, untransformed."""
    r, alpha, a, b = fit.r, fit.alpha, fit.a, fit.b
    age, horizon = age_days / 7, horizon_days / 7
    kept = (alpha + age) / (alpha + age + horizon)
    series = hyp2f1(r + x, b + x + 1, a + b + x, 1 - kept)
    return float((a + b + x) / (a - 1) * (1 - kept ** (r + x) * series))


def expected_if_alive_by_quadrature(fit: FitRow, x: float, age_days: float, horizon_days: float) -> float:
    """The definition: purchases until dropout, over the posterior of dropout and purchase rate."""
    r, alpha, a, b = fit.r, fit.alpha, fit.a, fit.b
    ratio = horizon_days / 7 / (alpha + age_days / 7)

    def integrand(p: float) -> float:
        density = np.exp((a - 1) * np.log(p) + (b + x) * np.log1p(-p) - betaln(a, b + x + 1))
        return float(density * (1 - (1 + p * ratio) ** -(r + x)) / p)

    return float(quad(integrand, 0, 1, limit=500)[0])


def test_expected_purchases_agree_with_the_textbook_form(fitted_shop: tuple[Shop, Scores]) -> None:
    _, scores = fitted_shop
    assert scores.report is not None
    fit, rows = scores.report.row, scores.expected_purchases
    textbook = [
        expected_if_alive(fit, x, age, 365)
        for x, age in zip(rows.repeat_purchase_count, rows.age_days, strict=True)
    ]
    assert rows.expected_purchases_if_alive.to_numpy() == pytest.approx(textbook, rel=1e-5)
    for row in rows.head(5).itertuples():
        defined = expected_if_alive_by_quadrature(fit, row.repeat_purchase_count, row.age_days, 365)
        assert row.expected_purchases_if_alive == pytest.approx(defined, rel=1e-5)


def test_churn_probability_is_the_ratio_of_the_likelihoods(fitted_shop: tuple[Shop, Scores]) -> None:
    shop, scores = fitted_shop
    assert scores.report is not None
    fit = scores.report.row
    at = np.log([fit.r, fit.alpha, fit.a, fit.b])

    def likelihood(number: int, silent_days: int) -> float:
        cell = PurchaseCells(
            shop.frequency[[number]],
            shop.recency_days[[number]] / 7,
            (shop.age_days[[number]] + silent_days) / 7,
            np.ones(1),
        )
        return log_likelihood(at, cell, "mbg_nbd")[0]

    for number in range(0, 2_000, 100):
        expected = np.exp(likelihood(number, 90) - likelihood(number, 0))
        assert scores.churn.churn_probability[number] == pytest.approx(expected, rel=1e-5)


def test_value_is_the_product_of_alive_purchases_and_shrunk_spend(fitted_shop: tuple[Shop, Scores]) -> None:
    shop, scores = fitted_shop
    assert scores.report is not None
    fit, clv = scores.report.row, scores.clv
    expected = scores.expected_purchases.set_index(["repeat_purchase_count", "age_days"])
    alive = np.array(
        [
            expected.expected_purchases_if_alive[(int(x), int(age))]
            for x, age in zip(shop.frequency, shop.age_days, strict=True)
        ]
    )
    purchases = shop.frequency + 1
    spend = fit.gg_p * (fit.gg_v + purchases * shop.mean_spend) / (fit.gg_p * purchases + fit.gg_q - 1)
    assert clv.predicted_orders.to_numpy() == pytest.approx(clv.p_alive * alive, rel=1e-4, abs=1e-8)
    assert clv.predicted_avg_order_value.astype(float).to_numpy() == pytest.approx(0.9 * spend, rel=1e-3)
    assert clv.predicted_revenue.astype(float).sum() == pytest.approx(
        np.sum(clv.p_alive * alive * 0.9 * spend), rel=1e-4
    )


def test_on_average_predictions_are_what_comes(score: Score) -> None:
    shop = simulate(8_000, holdout_weeks=39)
    scores = score(shop.customers(), shop.orders(), horizons=(273, 273))
    assert scores.clv.predicted_orders.sum() == pytest.approx(shop.later.sum(), rel=0.05)
    came_back = shop.later > 0
    assert scores.churn.churn_probability.mean() == pytest.approx(1 - came_back.mean(), abs=0.01)
    for _, group in scores.churn.assign(silent=~came_back).groupby(
        pd.qcut(scores.churn.churn_probability, 5, duplicates="drop"), observed=True
    ):
        assert group.churn_probability.mean() == pytest.approx(group.silent.mean(), abs=0.04)
    _assert_four_of_five_are_within_their_interval(shop, scores.clv)


def _assert_four_of_five_are_within_their_interval(shop: Shop, clv: pd.DataFrame) -> None:
    """Of those whose upper bound is more than the expectation; a count of orders cannot be cut anywhere."""
    truth = Process()
    rng = np.random.default_rng(2)
    purchases = shop.frequency + 1
    level = rng.gamma(truth.q + truth.p * purchases, 1 / (truth.v + purchases * shop.mean_spend))
    revenue = np.where(shop.later > 0, rng.gamma(truth.p * np.maximum(1, shop.later)) / level, 0.0)
    money = clv[["predicted_revenue", "predicted_revenue_lower", "predicted_revenue_upper"]].astype(float)
    expected, lower, upper = money.to_numpy().T
    telling = upper > expected
    assert telling.sum() > 2_000
    assert ((lower <= revenue) & (revenue <= upper))[telling].mean() == pytest.approx(0.8, abs=0.03)
    orders_within = (clv.predicted_orders_lower <= shop.later) & (shop.later <= clv.predicted_orders_upper)
    assert 0.78 < orders_within[telling].mean() < 0.9


def test_the_less_sure_the_total_the_wider_the_intervals(score: Score) -> None:
    shop = simulate(1_000)
    sure, unsure = (
        score(shop.customers(), shop.orders(), choices=f"candidate = 'mbg_nbd', level_error = {error}").clv
        for error in (0.0, 1.0)
    )
    often = sure.predicted_orders_lower >= 1
    assert often.sum() > 10
    assert (unsure.predicted_orders_upper - sure.predicted_orders_upper)[often].min() >= 0
    for bound, sign in (("upper", 1), ("lower", -1)):
        name = f"predicted_revenue_{bound}"
        assert (sign * (unsure[name].astype(float) - sure[name].astype(float)))[often].min() > 0


def heavy(shop: pd.DataFrame, purchases: int, spend: float) -> pd.DataFrame:
    """The shop with its first customer replaced by one with that many purchases."""
    changed = shop.copy()
    changed.loc[0, ["first_purchase_date", "last_purchase_date"]] = [AS_OF - timedelta(700), AS_OF]
    changed.loc[0, ["purchase_day_count", "order_count", "sales_amount"]] = [purchases, purchases, spend]
    return changed


def today(customers: int) -> pd.DataFrame:
    """A shop that opened today."""
    return pd.DataFrame(
        {
            "customer_key": [f"c{number}" for number in range(customers)],
            "first_purchase_date": AS_OF,
            "last_purchase_date": AS_OF,
            "purchase_day_count": 1,
            "order_count": 1,
            "sales_amount": 10.0,
            "refund_amount": 0.0,
        }
    )


def collapsed() -> pd.DataFrame:
    """A shop nobody bought from for a year."""
    shop = simulate(1_000)
    later = replace(shop, age_days=shop.age_days + 365)
    return later.customers()


def seasonal() -> Shop:
    """A shop that sells four times as much in the last quarter of each year."""
    even = simulate(3_000, weeks=156)
    position = even.age_days[even.purchases[:, 0].astype(int)] - even.purchases[:, 1]
    year, day = np.divmod(1091 - position, 364)
    squeezed = np.floor(np.where(day < 156, day * 273 / 156, 273 + (day - 156) * 91 / 208))
    return from_days(even, year * 364 + squeezed)


def from_days(shop: Shop, days: FloatArray) -> Shop:
    """The shop with its purchases moved to other days, counted from three years before the as-of date."""
    who = shop.purchases[:, 0].astype(int)
    unique = np.unique(np.column_stack([who, days]), axis=0)
    first, last = np.full(len(shop.age_days), np.inf), np.zeros(len(shop.age_days))
    np.minimum.at(first, unique[:, 0].astype(int), unique[:, 1])
    np.maximum.at(last, unique[:, 0].astype(int), unique[:, 1])
    return replace(
        shop,
        frequency=np.bincount(unique[:, 0].astype(int), minlength=len(first)) - 1.0,
        recency_days=last - first,
        age_days=1091 - first,
        purchases=np.column_stack([unique[:, 0], unique[:, 1] - first[unique[:, 0].astype(int)]]),
    )


HARD_SHOPS: dict[str, tuple[Callable[[], pd.DataFrame | Shop], str]] = {
    "twenty_customers": (lambda: simulate(20), "formula"),
    "three_weeks_of_history": (lambda: simulate(2_000, Process(alpha=1.0), weeks=3), "formula"),
    "strong_seasonality": (seasonal, "mbg_nbd+gamma_gamma"),
    "opened_today": (lambda: today(50), "formula"),
    "one_customer": (lambda: today(1), "formula"),
    "nobody": (lambda: today(0), "formula"),
    "one_time_buyers_98_percent": (
        lambda: simulate(5_000, one_time_share=0.97),
        "mbg_nbd+gamma_gamma",
    ),
    "one_with_500_orders": (
        lambda: heavy(simulate(1_000).customers(), 500, 25_000.0),
        "mbg_nbd+gamma_gamma",
    ),
    "one_wholesaler": (lambda: heavy(simulate(1_000).customers(), 40, 9e6), "mbg_nbd+gamma_gamma"),
    "refunds_above_orders": (lambda: simulate(1_000).customers(refunds=1.5), "mbg_nbd+gamma_gamma"),
    "collapsed": (collapsed, "mbg_nbd+gamma_gamma"),
    "clockwork": (
        lambda: simulate(1_000, Process(r=60.0, alpha=240.0, a=0.01, b=50.0)),
        "mbg_nbd+gamma_gamma",
    ),
}


@pytest.mark.parametrize(("make", "method"), HARD_SHOPS.values(), ids=HARD_SHOPS.keys())
def test_hard_shops_are_scored_without_nonsense(
    score: Score, make: Callable[[], pd.DataFrame | Shop], method: str
) -> None:
    shop = make()
    customers, orders = (shop.customers(), shop.orders()) if isinstance(shop, Shop) else (shop, None)
    scores = score(customers, orders)
    assert list(scores.clv.customer_key) == sorted(customers.customer_key)
    assert list(scores.churn.customer_key) == sorted(customers.customer_key)
    assert set(scores.clv.clv_method) <= {method}
    assert scores.report is not None
    assert (scores.report.row.reason is None) == (method != "formula")
    ends = [
        "predicted_orders_lower",
        "predicted_orders_upper",
        "predicted_revenue_lower",
        "predicted_revenue_upper",
    ]
    numbers = ["predicted_orders", "predicted_avg_order_value", "predicted_revenue", "formula_value", *ends]
    values = scores.clv[numbers].astype(float).to_numpy()
    assert np.all(np.isfinite(values))
    assert np.all(values >= 0)
    assert np.all(scores.clv.predicted_orders <= 365)
    for what in ("orders", "revenue"):
        assert np.all(scores.clv[f"predicted_{what}_lower"] <= scores.clv[f"predicted_{what}"])
        assert np.all(scores.clv[f"predicted_{what}"] <= scores.clv[f"predicted_{what}_upper"])
    assert np.all(scores.churn.churn_probability.between(0, 1))
    assert np.all(scores.churn.value_at_risk.astype(float) >= 0)
    assert np.all(scores.clv.p_alive.dropna().between(0, 1))
    assert np.all(scores.clv.p_alive.isna()) or method != "formula"


def test_a_collapsed_shop_is_not_expected_to_sell(score: Score) -> None:
    scores = score(collapsed())
    assert scores.clv.p_alive.mean() < 0.1
    assert scores.churn.churn_probability.mean() > 0.97


def test_without_a_fit_everything_comes_from_the_formula_and_says_so(score: Score) -> None:
    scores = score(simulate(300).customers(), fit=False)
    assert set(scores.clv.clv_method) == {"formula"}
    assert set(scores.churn.churn_method) == {"formula"}
    assert scores.clv.predicted_revenue.equals(scores.clv.formula_value)


@pytest.mark.parametrize(
    ("data", "as_of", "horizon_days", "reference"),
    [
        ("cdnow", "1997-09-30", 273, {"orders": 0.795, "revenue": 31.5, "brier": 0.166}),
        ("online_retail_ii", "2011-06-09", 183, {"orders": 1.048, "revenue": 610, "brier": 0.177}),
    ],
)
def test_real_hold_outs_are_predicted_as_well_as_by_the_reference(
    score: Score, shared_data: Path, data: str, as_of: str, horizon_days: int, reference: dict[str, float]
) -> None:
    path = shared_data / data / "orders.parquet"
    if not path.exists():
        pytest.skip(f"{data} is not here (set CRM_SHARED_DATA); it is not shipped with the project")
    # Dates are moved so that the cut falls on the as-of date of the made-up shops.
    orders = f"(select *, cast(ts as date) - date '{as_of}' as day from '{path}')"
    seen = duckdb.sql(
        f"""
        select
            customer_id as customer_key,
            count(distinct day) as purchase_day_count,
            count(*) as order_count,
            date '{AS_OF}' + cast(min(day) as integer) as first_purchase_date,
            date '{AS_OF}' + cast(max(day) as integer) as last_purchase_date,
            sum(amount) as sales_amount,
            0 as refund_amount
        from {orders} where day <= 0 and amount > 0 group by customer_id order by customer_id
        """
    ).df()
    came = duckdb.sql(
        f"""
        select
            customer_id as customer_key,
            count(distinct day) filter (where day > 0) as orders,
            coalesce(sum(amount) filter (where day > 0), 0) as revenue
        from {orders} where day <= {horizon_days} group by customer_id
        having min(day) filter (where amount > 0) <= 0 order by customer_id
        """
    ).df()
    orders = duckdb.sql(
        f"""
        select customer_id as customer_key, date '{AS_OF}' + cast(day as integer) as order_date,
            sum(amount) as sales_amount
        from {orders} where day <= 0 and amount > 0 group by all
        """
    ).df()
    scores = score(seen, orders, horizons=(horizon_days, horizon_days))
    assert list(came.customer_key) == list(scores.clv.customer_key)
    orders_error = (scores.clv.predicted_orders - came.orders).abs().mean()
    revenue_error = (scores.clv.predicted_revenue.astype(float) - came.revenue).abs().mean()
    brier = ((scores.churn.churn_probability - (came.orders == 0)) ** 2).mean()
    assert orders_error <= reference["orders"] * 1.01
    assert revenue_error <= reference["revenue"] * 1.01
    assert brier <= reference["brier"] * 1.01
