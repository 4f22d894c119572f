"""The shape layer: who within the shop buys more or less than the purchase model says, learnt from earlier origins.

Belongs here: features, the two generalized linear models (Poisson for orders, logistic for churn) and how they are
blended with the purchase model. Does not: when the layer is used (`choice.py`) or scoring in SQL
(`macros/clv/shape_score.sql`).

The layer never sets the level: each model is moved until its total is that of the purchase model, held within
`RATIO` of it per customer, and averaged with it half and half.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from crm_warehouse.clv.cells import DAYS_PER_WEEK, FloatArray
from crm_warehouse.clv.histories import Histories

# Per customer, the layer may say at most this many times more or less than the purchase model.
RATIO = 4.0
# A little ridge, per customer, keeps coefficients finite where features go together.
RIDGE = 1e-4
MAX_STEPS = 50
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Shape:
    """Coefficients, in the order of `features`.

    Attributes:
        orders: Of the logarithm of expected purchase days within the CLV horizon.
        churn: Of the logit of staying away within the churn horizon.
    """

    orders: tuple[float, ...]
    churn: tuple[float, ...]


def features(histories: Histories) -> FloatArray:
    """One row per customer: 1, and logarithms of frequency, silence, age and mean spend with one product."""
    frequency = np.log1p(histories.frequency)
    silence = np.log1p(histories.silent_days / DAYS_PER_WEEK)
    age = np.log1p(histories.age_days / DAYS_PER_WEEK)
    return np.column_stack([np.ones_like(frequency), frequency, silence, age, frequency * silence])


def fit_orders(histories: list[Histories]) -> FloatArray | None:
    """Poisson regression of later purchase days on features; None where it does not converge."""
    outcome = np.concatenate([history.later for history in histories])
    return _newton(_stack(histories), outcome, is_count=True)


def fit_churn(histories: list[Histories]) -> FloatArray | None:
    """Logistic regression of staying away on features; None where it does not converge."""
    outcome = np.concatenate([history.stayed_away for history in histories])
    return _newton(_stack(histories), outcome, is_count=False)


def levelled_orders(coefficients: FloatArray, histories: Histories, orders: FloatArray) -> FloatArray:
    """The coefficients with the intercept moved so that the total is that of `orders`."""
    total = np.exp(np.clip(features(histories) @ coefficients, -50, 50)).sum()
    moved = coefficients.copy()
    moved[0] += np.log(max(float(orders.sum()), 1e-12) / total)
    return moved


def levelled_churn(coefficients: FloatArray, histories: Histories, churn: FloatArray) -> FloatArray:
    """The coefficients with the intercept moved so that the mean is that of `churn`."""
    logit = features(histories) @ coefficients
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(logit + middle).mean() < churn.mean() else (low, middle)
    moved = coefficients.copy()
    moved[0] += (low + high) / 2
    return moved


def blended_orders(coefficients: FloatArray, histories: Histories, orders: FloatArray) -> FloatArray:
    """Half the purchase model, half the layer."""
    layer = np.exp(np.clip(features(histories) @ coefficients, -50, 50))
    blended: FloatArray = (orders + np.clip(layer, orders / RATIO, orders * RATIO)) / 2
    return blended


def blended_churn(coefficients: FloatArray, histories: Histories, churn: FloatArray) -> FloatArray:
    """Half the purchase model, half the layer."""
    blended: FloatArray = (churn + expit(features(histories) @ coefficients)) / 2
    return blended


def _stack(histories: list[Histories]) -> FloatArray:
    return np.concatenate([features(history) for history in histories])


def _newton(design: FloatArray, outcome: FloatArray, *, is_count: bool) -> FloatArray | None:
    """Penalized maximum likelihood by Newton's method with halved steps; None where it does not converge."""
    ridge = RIDGE * len(outcome) * np.diag([0.0, *np.ones(design.shape[1] - 1)])
    mean = np.clip(outcome.mean(), 1e-6, None if is_count else 1 - 1e-6)
    point = np.zeros(design.shape[1])
    point[0] = np.log(mean) if is_count else np.log(mean / (1 - mean))

    def loss(at: FloatArray) -> float:
        linear = np.clip(design @ at, -50, 50)
        cumulant = np.exp(linear) if is_count else np.logaddexp(0.0, linear)
        return float(np.sum(cumulant - outcome * linear) + at @ ridge @ at / 2)

    before = loss(point)
    for _ in range(MAX_STEPS):
        linear = np.clip(design @ point, -50, 50)
        fitted = np.exp(linear) if is_count else expit(linear)
        weight = fitted if is_count else fitted * (1 - fitted)
        slope = design.T @ (outcome - fitted) - ridge @ point
        try:
            step = np.linalg.solve((design * weight[:, None]).T @ design + ridge, slope)
        except np.linalg.LinAlgError:
            return None
        size, after = 1.0, loss(point + step)
        while after > before and size > 1e-6:
            size /= 2
            after = loss(point + size * step)
        if before - after <= TOLERANCE * len(outcome):
            return point if np.all(np.isfinite(point)) else None
        point, before = point + size * step, after
    return None
