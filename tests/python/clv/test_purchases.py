from pathlib import Path

import duckdb
import numpy as np
import pytest

from crm_warehouse.clv.cells import PurchaseCells
from crm_warehouse.clv.purchases import PurchaseModel, expected_repeats, fit_purchases, log_likelihood
from tests.python.clv.shops import Process, simulate

MODELS: list[PurchaseModel] = ["bg_nbd", "mbg_nbd"]


def cells(*rows: tuple[int, float, float, int]) -> PurchaseCells:
    return PurchaseCells(*np.array(rows, dtype=np.float64).reshape(-1, 4).T)


@pytest.fixture(scope="session")
def cdnow_sample(shared_data: Path) -> PurchaseCells:
    """The 2,357 customers of the papers, over their first 39 weeks."""
    path = shared_data / "cdnow" / "sample_orders.parquet"
    if not path.exists():
        pytest.skip("the CDNOW sample is not here (set CRM_SHARED_DATA); it is not shipped with the project")
    rows = duckdb.sql(
        f"""
        with days as (
            select distinct customer_id, cast(ts as date) as day from '{path}' where ts < date '1997-10-01'
        )
        select count(*) - 1 as x, (max(day) - min(day)) / 7, (date '1997-09-30' - min(day)) / 7, 1
        from days group by customer_id order by all
        """
    ).fetchall()
    return cells(*rows)


@pytest.mark.parametrize(
    ("model", "published", "published_log_likelihood"),
    [
        ("bg_nbd", [0.243, 4.414, 0.793, 2.426], -9582.4),
        ("mbg_nbd", [0.525, 6.183, 0.891, 1.614], None),
    ],
)
def test_the_published_parameters_of_cdnow_are_reproduced(
    cdnow_sample: PurchaseCells,
    model: PurchaseModel,
    published: list[float],
    published_log_likelihood: float | None,
) -> None:
    fit = fit_purchases(cdnow_sample, model)
    assert fit.reason is None
    assert [fit.r, fit.alpha, fit.a, fit.b] == pytest.approx(published, abs=6e-4)
    if published_log_likelihood is not None:
        assert fit.log_likelihood == pytest.approx(published_log_likelihood, abs=0.05)


@pytest.mark.parametrize("model", MODELS)
def test_the_gradient_is_the_slope_of_the_likelihood(model: PurchaseModel) -> None:
    shop = cells((0, 0, 0, 3), (0, 0, 39, 5), (1, 0.15, 39, 2), (4, 30, 38.7, 1), (60, 38, 39, 1))
    for point in ([0.3, 4.0, 0.8, 2.4], [3.0, 0.5, 0.05, 40.0], [0.05, 90.0, 7.0, 0.3]):
        at = np.log(point)
        _, gradient = log_likelihood(at, shop, model)
        steps = np.eye(4) * 1e-6
        slopes = [
            (log_likelihood(at + step, shop, model)[0] - log_likelihood(at - step, shop, model)[0]) / 2e-6
            for step in steps
        ]
        assert gradient == pytest.approx(slopes, rel=1e-5, abs=1e-6)


def test_the_likelihood_of_a_one_time_buyer_is_what_the_definition_says() -> None:
    r, alpha, a, b = 0.5, 6.0, 0.9, 1.6
    silent = (alpha / (alpha + 20)) ** r
    at, shop = np.log([r, alpha, a, b]), cells((0, 0, 20, 1))
    assert np.exp(log_likelihood(at, shop, "bg_nbd")[0]) == pytest.approx(silent)
    lost = a / (a + b)
    assert np.exp(log_likelihood(at, shop, "mbg_nbd")[0]) == pytest.approx(lost + (1 - lost) * silent)


def test_true_parameters_are_recovered() -> None:
    truth = Process()
    shop = simulate(30_000, truth).purchase_cells()
    fit = fit_purchases(shop)
    assert fit.reason is None
    expected = [truth.r, truth.alpha, truth.a, truth.b]
    assert [fit.r, fit.alpha, fit.a, fit.b] == pytest.approx(expected, rel=0.15)
    assert fit.log_likelihood is not None
    assert fit.log_likelihood >= log_likelihood(np.log(expected), shop, "mbg_nbd")[0]


def test_merging_days_into_wider_periods_keeps_customers_and_parameters() -> None:
    exact = simulate(30_000).purchase_cells()
    merged = exact.coarsened(5_000)
    assert len(merged.weight) <= 5_000
    assert merged.customer_count == exact.customer_count
    assert merged.repeat_customer_count == exact.repeat_customer_count
    assert np.average(merged.age, weights=merged.weight) == pytest.approx(exact.age.mean())
    assert np.all(merged.recency <= merged.age)
    fine, coarse = fit_purchases(exact), fit_purchases(merged)
    assert [coarse.r, coarse.alpha, coarse.a, coarse.b] == pytest.approx(
        [fine.r, fine.alpha, fine.a, fine.b], rel=0.05
    )


@pytest.mark.parametrize(
    ("shop", "reason"),
    [
        (cells(), "0 customers bought on more than one day"),
        (cells((0, 0, 50, 1000)), "0 customers bought on more than one day"),
        (cells((0, 0, 50, 10), (3, 20, 50, 10)), "10 customers bought on more than one day"),
        (cells((0, 0, 3, 500), (1, 1, 3, 500)), "21 days of purchases"),
    ],
)
def test_too_little_to_fit_on_is_refused_with_the_reason(shop: PurchaseCells, reason: str) -> None:
    fit = fit_purchases(shop)
    assert fit.r is None
    assert fit.reason is not None
    assert fit.reason.startswith(reason)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "shop",
    [
        cells((0, 0, 50, 9800), (1, 5, 50, 200)),
        cells((1, 20, 20, 100)),
        cells((500, 100, 100, 40)),
        cells((0, 0, 100, 1000), (0, 0, 1, 1000), (500, 99, 100, 30)),
        cells((50, 50, 51, 500), (0, 0, 30, 1)),
    ],
    ids=["one_time", "all_alike", "all_heavy", "two_worlds", "clockwork"],
)
def test_odd_shops_give_finite_parameters_or_a_reason(shop: PurchaseCells, model: PurchaseModel) -> None:
    fit = fit_purchases(shop, model)
    if fit.reason is None:
        parameters = np.array([fit.r, fit.alpha, fit.a, fit.b, fit.log_likelihood], dtype=float)
        assert np.all(np.isfinite(parameters))


def test_bg_nbd_is_refused_where_its_expectation_does_not_exist() -> None:
    shop = cells((1, 3, 50, 400), (2, 6, 50, 100), (20, 48, 50, 300), (22, 49, 50, 300))
    refused = fit_purchases(shop, "bg_nbd")
    assert refused.reason is not None
    assert "a + b" in refused.reason
    assert fit_purchases(shop, "mbg_nbd").reason is None


def test_a_new_customers_expected_repeats_are_what_simulated_ones_make() -> None:
    process = Process(r=0.8, alpha=5.0, a=0.6, b=3.0)
    shop = simulate(20_000, process, weeks=1e-9, holdout_weeks=52, seed=3)
    expected = expected_repeats(np.array([52.0]), process.r, process.alpha, process.a, process.b)
    assert shop.later.mean() == pytest.approx(expected[0], rel=0.03)
