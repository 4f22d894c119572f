"""What a purchase is worth: Gamma-Gamma by maximum likelihood.

Belongs here: the likelihood, its gradient, the fit and the reasons to refuse it. Does not: reading cells
(`cells.py`) or scoring customers (SQL: `macros/clv/`).

Source: Fader and Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from crm_warehouse.clv.cells import SpendCells
from crm_warehouse.clv.maximize import FloatArray, Maximum, maximize

# Fewer customers with two or more observations cannot tell spread within from spread between customers.
MIN_REPEAT_CUSTOMERS = 30

# Shapes; the scale v is bounded relative to the shop's mean spend.
SHAPE_BOUNDS = (0.01, 1000.0)
SCALE_BOUNDS = (1e-4, 1e4)


@dataclass(frozen=True)
class SpendFit:
    """Parameters of the spend model, or why there are none to trust.

    Attributes:
        p: Shape of one purchase's value within a customer.
        q: Shape of the mean value across customers.
        v: Scale, in the currency of the cells.
        log_likelihood: At the maximum.
        reason: Why scoring must not use it; None when it may.
    """

    p: float | None
    q: float | None
    v: float | None
    log_likelihood: float | None
    reason: str | None


def fit_spend(cells: SpendCells) -> SpendFit:
    """Fit the model; never raises on thin or odd data, it says why there is no fit instead."""
    repeaters = int(cells.weight[cells.purchases > 1].sum())
    if repeaters < MIN_REPEAT_CUSTOMERS:
        reason = f"{repeaters} customers with two purchases, {MIN_REPEAT_CUSTOMERS} are needed for spend"
        return SpendFit(None, None, None, None, reason)
    unit = float(np.average(cells.mean_spend, weights=cells.weight))
    top = maximize(
        lambda point: log_likelihood(point, cells),
        [[2.0, 3.0, unit], [6.0, 4.0, unit / 2], [1.0, 10.0, unit * 8]],
        [SHAPE_BOUNDS, SHAPE_BOUNDS, (unit * SCALE_BOUNDS[0], unit * SCALE_BOUNDS[1])],
        cells.customer_count,
    )
    p, q, v = (float(value) for value in top.parameters)
    return SpendFit(p, q, v, top.log_likelihood, _degenerate(top))


def log_likelihood(log_parameters: FloatArray, cells: SpendCells) -> tuple[float, FloatArray]:
    """Log-likelihood of all cells and its gradient by (ln p, ln q, ln v)."""
    p, q, v = np.exp(log_parameters)
    x, mean, weight = cells.purchases, cells.mean_spend, cells.weight
    shape = p * x
    log_sum = np.log(v + x * mean)
    value = (
        gammaln(shape + q) - gammaln(shape) - gammaln(q)
        + q * np.log(v) + shape * np.log(x) + (shape - 1.0) * np.log(mean)
        - (shape + q) * log_sum
    )  # fmt: skip
    common = digamma(shape + q) - log_sum
    by_p = np.sum(weight * x * (common - digamma(shape) + np.log(x * mean)))
    by_q = np.sum(weight * (common - digamma(q) + np.log(v)))
    by_v = np.sum(weight * (q / v - (shape + q) / (v + x * mean)))
    gradient = np.array([p * by_p, q * by_q, v * by_v], dtype=np.float64)
    return float(np.sum(weight * value)), gradient


def _degenerate(top: Maximum) -> str | None:
    p, q, _ = top.parameters
    if not top.is_converged or not np.all(np.isfinite(top.parameters)):
        return "the spend likelihood has no maximum that the search could reach"
    if p + q <= 1:
        return f"degenerate spend: p + q = {p + q:.3g} is not above 1"
    return None
