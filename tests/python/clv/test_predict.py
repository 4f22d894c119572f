"""Python's predictions, which the backtest compares, are those that the SQL makes for everybody."""

from collections.abc import Callable

import numpy as np
import pytest

from crm_warehouse.clv import predict, shape
from crm_warehouse.clv.histories import Histories
from crm_warehouse.clv.purchases import PurchaseFit
from crm_warehouse.clv.spend import SpendFit
from crm_warehouse.clv.store import FitRow
from tests.python.clv.conftest import Scores
from tests.python.clv.shops import AS_OF, Shop, simulate

LAYER = shape.Shape(orders=(-1.0, 0.9, -0.3, 0.2, -0.1), churn=(0.5, -0.8, 0.6, -0.1, 0.05))
LAYER_COLUMNS = ", ".join(
    f"shape_{kind}_{position} = {value}"
    for kind, values in (("orders", LAYER.orders), ("churn", LAYER.churn))
    for position, value in enumerate(values)
)


def histories(shop: Shop, horizon_days: int) -> Histories:
    """The shop as it stands on the as-of date, with a tenth of all sales given back."""
    sales = (shop.mean_spend * (shop.frequency + 1)).round(2)
    nothing = np.zeros_like(sales)
    days = shop.age_days[shop.purchases[:, 0].astype(int)] - shop.purchases[:, 1]
    recent = np.bincount(shop.purchases[days < horizon_days, 0].astype(int), minlength=len(sales)).astype(
        float
    )
    return Histories(
        0, 0, AS_OF, horizon_days, shop.frequency, shop.recency_days, shop.age_days,
        sales, (sales * 0.1).round(2), recent, nothing, nothing,
    )  # fmt: skip


def fits(row: FitRow) -> tuple[PurchaseFit, SpendFit]:
    return (
        PurchaseFit("mbg_nbd", row.r, row.alpha, row.a, row.b, row.log_likelihood, None),
        SpendFit(row.gg_p, row.gg_q, row.gg_v, row.gg_log_likelihood, None),
    )


@pytest.mark.parametrize(
    ("candidate", "columns"),
    [
        ("mbg_nbd", ""),
        ("mbg_nbd+season", ", season_orders_factor = 1.7, season_churn_factor = 1.4"),
        ("mbg_nbd+shape", f", {LAYER_COLUMNS}"),
        ("formula", ""),
        ("last_period", ""),
    ],
)
def test_sql_scores_as_the_backtest_does(score: Callable[..., Scores], candidate: str, columns: str) -> None:
    shop = simulate(1_500)
    scores = score(
        shop.customers(refunds=0.1),
        shop.orders(),
        horizons=(273, 273),
        choices=f"candidate = '{candidate}'{columns}",
    )
    given = histories(shop, 273)
    rates = predict.ShopRates.of(given)
    assert scores.report is not None
    purchases, spend = fits(scores.report.row)
    season = predict.Season(1.7, 1.4) if candidate == "mbg_nbd+season" else predict.EVEN
    model = predict.by_purchase_model(given, rates, purchases, spend, season)
    expected = {
        "formula": lambda: predict.by_formula(given, rates),
        "last_period": lambda: predict.by_last_period(given),
        "mbg_nbd+shape": lambda: predict.reshaped(model, given, LAYER),
    }.get(candidate, lambda: model)()
    assert set(scores.churn.churn_method) == {candidate}
    assert scores.clv.predicted_orders.to_numpy() == pytest.approx(expected.orders, rel=1e-4, abs=1e-6)
    assert scores.churn.churn_probability.to_numpy() == pytest.approx(expected.churn, rel=1e-4, abs=1e-6)
    assert scores.clv.predicted_revenue.astype(float).to_numpy() == pytest.approx(
        expected.revenue, rel=1e-3, abs=1e-3
    )
