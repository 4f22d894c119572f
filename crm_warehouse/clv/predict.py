"""The candidates' predictions for sampled histories, as the scoring SQL makes them for everybody.

Belongs here: one function per candidate. Does not: fits, or the choice between candidates.
`tests/python/clv/test_predict.py` holds this and the SQL (`int_clv_customers_scored`) to the same figures.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, hyp2f1

from crm_warehouse.clv import shape
from crm_warehouse.clv.cells import DAYS_PER_WEEK, FloatArray
from crm_warehouse.clv.histories import Histories
from crm_warehouse.clv.purchases import PurchaseFit
from crm_warehouse.clv.shape import Shape
from crm_warehouse.clv.spend import SpendFit

# A customer's refund rate is steadied by this many average purchases at the shop's rate.
REFUND_PRIOR_PURCHASES = 3.0


@dataclass(frozen=True)
class Prediction:
    """What one candidate expects within the horizon of the histories, per customer.

    Attributes:
        orders: Purchase days.
        revenue: Net revenue, reporting currency.
        churn: Probability of no purchase.
    """

    orders: FloatArray
    revenue: FloatArray
    churn: FloatArray


@dataclass(frozen=True)
class Season:
    """How much busier than an average day the days of a horizon are; each factor stretches the horizon.

    Two factors, because a customer who buys twice as often does not come back twice as surely.

    Attributes:
        orders: For expected purchase days.
        churn: For the probability of staying away.
    """

    orders: float = 1.0
    churn: float = 1.0


EVEN = Season()


@dataclass(frozen=True)
class ShopRates:
    """What the shop's customers do on average, as in `int_clv_shop_rates`."""

    days_per_repeat_purchase: float
    mean_spend: float
    refund_rate: float

    @classmethod
    def of(cls, histories: Histories) -> "ShopRates":
        """Totals over totals."""
        sales = float(histories.sales.sum())
        return cls(
            days_per_repeat_purchase=(float(histories.age_days.sum()) + 365)
            / (float(histories.frequency.sum()) + 1),
            mean_spend=sales / float((histories.frequency + 1).sum()),
            refund_rate=float(histories.refunds.sum()) / sales if sales else 0.0,
        )


def by_formula(histories: Histories, rates: ShopRates) -> Prediction:
    """Own pace, pulled to the shop's by one purchase, fading with silence; own mean net value."""
    purchases_per_day = (histories.frequency + 1) / (histories.age_days + rates.days_per_repeat_purchase)
    active_share = 1 / np.maximum(1.0, histories.silent_days * purchases_per_day)
    expected = purchases_per_day * histories.horizon_days
    orders = expected * active_share
    return Prediction(
        orders=orders,
        revenue=orders * _own_mean_spend(histories),
        churn=1 - active_share * (1 - np.exp(-expected)),
    )


def by_last_period(histories: Histories) -> Prediction:
    """The last horizon again: as many purchase days, and whoever bought within it buys again."""
    return Prediction(
        orders=histories.recent,
        revenue=histories.recent * _own_mean_spend(histories),
        churn=(histories.silent_days >= histories.horizon_days).astype(np.float64),
    )


def by_purchase_model(
    histories: Histories, rates: ShopRates, fit: PurchaseFit, spend: SpendFit, season: Season = EVEN
) -> Prediction:
    """MBG/NBD for purchases, Gamma-Gamma or means for spend."""
    _, orders, churn = purchase_scores(histories, fit, season)
    return Prediction(orders, orders * expected_spend(histories, rates, spend), churn)


def reshaped(prediction: Prediction, histories: Histories, layer: Shape) -> Prediction:
    """The prediction averaged with the shape layer; spend stays."""
    orders = shape.blended_orders(np.asarray(layer.orders), histories, prediction.orders)
    spend = prediction.revenue / np.maximum(prediction.orders, 1e-300)
    churn = shape.blended_churn(np.asarray(layer.churn), histories, prediction.churn)
    return Prediction(orders, orders * spend, churn)


def purchase_scores(
    histories: Histories, fit: PurchaseFit, season: Season = EVEN
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """P(alive), expected purchase days and churn probability by MBG/NBD.

    Args:
        histories: The customers; their horizon is what is predicted.
        fit: The purchase model.
        season: How busy the horizon is.

    Raises:
        ValueError: The fit has no parameters.
    """
    if fit.r is None or fit.alpha is None or fit.a is None or fit.b is None:
        raise ValueError(f"no purchase model to predict with: {fit.reason}")
    weeks = histories.horizon_days / DAYS_PER_WEEK
    purchase_shape = fit.r + histories.frequency
    exposure = fit.alpha + histories.age_days / DAYS_PER_WEEK
    silence = np.log(exposure / (fit.alpha + histories.recency_days / DAYS_PER_WEEK))
    alive = expit(-(np.log(fit.a / (fit.b + histories.frequency)) + purchase_shape * silence))
    churn = 1 - alive * (1 - np.exp(-purchase_shape * np.log1p(season.churn * weeks / exposure)))
    weeks *= season.orders
    return (
        alive,
        alive * _purchases_if_alive(fit.r, fit.a, fit.b, histories.frequency, exposure, weeks),
        churn,
    )


def expected_spend(histories: Histories, rates: ShopRates, spend: SpendFit) -> FloatArray:
    """Expected value of one purchase day after refunds."""
    purchases = histories.frequency + 1
    sales = np.maximum(0.0, histories.sales)
    prior = REFUND_PRIOR_PURCHASES * rates.mean_spend
    kept = np.maximum(0.0, 1 - (histories.refunds + prior * rates.refund_rate) / (sales + prior))
    if spend.reason is None and spend.p is not None and spend.q is not None and spend.v is not None:
        value = spend.p * (spend.v + sales) / (spend.p * purchases + spend.q - 1)
    else:
        value = (sales + rates.mean_spend) / (purchases + 1)
    kept_value: FloatArray = value * kept
    return kept_value


def _own_mean_spend(histories: Histories) -> FloatArray:
    return np.maximum(0.0, (histories.sales - histories.refunds) / (histories.frequency + 1))


def _purchases_if_alive(
    r: float, a: float, b: float, frequency: FloatArray, exposure: FloatArray, weeks: float
) -> FloatArray:
    # The published form divides by a - 1; beside 1 it is as good as at 1.
    a = a if abs(a - 1) > 1e-5 else 1 + 1e-5
    z = weeks / (exposure + weeks)
    series = hyp2f1(a + b - r, a - 1, a + b + frequency, z)
    expected = (a + b + frequency) / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
    most = (r + frequency) * weeks / exposure
    return np.clip(np.nan_to_num(expected, nan=0.0, posinf=np.inf), 0.0, most)
