from pathlib import Path

import duckdb
import numpy as np
import pytest

from crm_warehouse.clv.cells import SpendCells
from crm_warehouse.clv.spend import fit_spend, log_likelihood
from tests.python.clv.shops import Process, simulate


def cells(*rows: tuple[float, float, float]) -> SpendCells:
    return SpendCells(*np.array(rows, dtype=np.float64).reshape(-1, 3).T)


def test_the_published_parameters_of_cdnow_are_reproduced(shared_data: Path) -> None:
    """The paper observes the 946 repeat buyers of the sample on their repeat purchases only."""
    path = shared_data / "cdnow" / "sample_orders.parquet"
    if not path.exists():
        pytest.skip("the CDNOW sample is not here (set CRM_SHARED_DATA); it is not shipped with the project")
    rows = duckdb.sql(
        f"""
        with days as (
            select customer_id, cast(ts as date) as day, sum(amount) as spend
            from '{path}' where ts < date '1997-10-01' group by all
        ),
        ranked as (select *, row_number() over (partition by customer_id order by day) as place from days)
        select count(*), avg(spend), 1 from ranked where place > 1 group by customer_id order by all
        """
    ).fetchall()
    fit = fit_spend(cells(*(row for row in rows if row[1] > 0)))
    assert fit.reason is None
    assert [fit.p, fit.q, fit.v] == pytest.approx([6.25, 3.74, 15.44], abs=6e-3)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    shop = cells((1, 40.0, 3), (2, 0.5, 1), (10, 900.0, 2))
    for point in ([6.0, 4.0, 15.0], [0.3, 0.8, 700.0]):
        at = np.log(point)
        _, gradient = log_likelihood(at, shop)
        slopes = [
            (log_likelihood(at + step, shop)[0] - log_likelihood(at - step, shop)[0]) / 2e-6
            for step in np.eye(3) * 1e-6
        ]
        assert gradient == pytest.approx(slopes, rel=1e-5, abs=1e-6)


def test_true_parameters_are_recovered() -> None:
    truth = Process()
    fit = fit_spend(simulate(30_000, truth).spend_cells())
    assert fit.reason is None
    assert [fit.p, fit.q, fit.v] == pytest.approx([truth.p, truth.q, truth.v], rel=0.1)


def test_bands_of_two_percent_hardly_move_the_parameters() -> None:
    exact = simulate(30_000).spend_cells()
    keys = np.stack([exact.purchases, np.floor(np.log(exact.mean_spend) * 50)])
    _, place = np.unique(keys, axis=1, return_inverse=True)
    weight = np.bincount(place).astype(np.float64)
    banded = SpendCells(
        np.bincount(place, weights=exact.purchases) / weight,
        np.bincount(place, weights=exact.mean_spend) / weight,
        weight,
    )
    assert len(banded.weight) < len(exact.weight) / 5
    fine, coarse = fit_spend(exact), fit_spend(banded)
    assert [coarse.p, coarse.q, coarse.v] == pytest.approx([fine.p, fine.q, fine.v], rel=1e-3)


@pytest.mark.parametrize(
    ("shop", "reason"),
    [
        (cells(), "0 customers with two purchases"),
        (cells((1, 20.0, 500), (2, 30.0, 29)), "29 customers with two purchases"),
    ],
)
def test_too_little_to_fit_on_is_refused_with_the_reason(shop: SpendCells, reason: str) -> None:
    fit = fit_spend(shop)
    assert fit.p is None
    assert fit.reason is not None
    assert fit.reason.startswith(reason)


@pytest.mark.parametrize(
    "shop",
    [cells((2, 20.0, 500)), cells((1, 1e-4, 100), (3, 1e6, 100)), cells((500, 12.5, 40), (1, 12.5, 900))],
    ids=["all_alike", "two_worlds", "one_price"],
)
def test_odd_shops_give_finite_parameters_or_a_reason(shop: SpendCells) -> None:
    fit = fit_spend(shop)
    if fit.reason is None:
        assert fit.p is not None
        assert fit.q is not None
        assert np.all(np.isfinite(np.array([fit.p, fit.q, fit.v, fit.log_likelihood], dtype=float)))
        assert fit.p + fit.q > 1
