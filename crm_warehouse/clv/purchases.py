"""When customers buy: BG/NBD and MBG/NBD by maximum likelihood.

Belongs here: the likelihood, its gradient, the fit and the reasons to refuse it. Does not: reading cells
(`cells.py`) or scoring customers (SQL: `macros/clv/`).

Sources: Fader, Hardie and Lee (2005), "Counting your customers the easy way"; Batislam, Denizel and
Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis".
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import digamma, expit, gammaln, hyp2f1

from crm_warehouse.clv.cells import PurchaseCells
from crm_warehouse.clv.maximize import FloatArray, Maximum, maximize

PurchaseModel = Literal["bg_nbd", "mbg_nbd"]

# Fewer customers who came back leave the four parameters undetermined.
MIN_REPEAT_CUSTOMERS = 30
# Eight weeks: less history than that cannot tell a lost customer from one between two purchases.
MIN_HISTORY_DAYS = 56

# Wide enough for any shop (alpha in weeks), narrow enough for the series that scores them in SQL.
BOUNDS = {"r": (1e-4, 20.0), "alpha": (0.25, 1000.0), "a": (0.001, 20.0), "b": (0.01, 200.0)}
# Many starts explore at most this many cells; the best one is then polished on all of them.
EXPLORATION_CELLS = 50_000


@dataclass(frozen=True)
class PurchaseFit:
    """Parameters of one purchase model, or why there are none to trust.

    Attributes:
        model: Which model.
        r: Shape of the purchase rate across customers.
        alpha: Scale of the purchase rate, in weeks.
        a: First parameter of the dropout probability across customers.
        b: Second parameter of the dropout probability across customers.
        log_likelihood: At the maximum.
        reason: Why scoring must not use it; None when it may.
    """

    model: PurchaseModel
    r: float | None
    alpha: float | None
    a: float | None
    b: float | None
    log_likelihood: float | None
    reason: str | None


def fit_purchases(
    cells: PurchaseCells, model: PurchaseModel = "mbg_nbd", near: PurchaseFit | None = None
) -> PurchaseFit:
    """Fit one model; never raises on thin or odd data, it says why there is no fit instead.

    Args:
        cells: Customers by purchase history.
        model: Which model.
        near: A fit of the same shop on another day, the one place to start from; None explores.
    """
    reason = _too_little(cells)
    if reason:
        return PurchaseFit(model, None, None, None, None, None, reason)
    bounds = list(BOUNDS.values())
    start = _parameters(near) if near else None
    if start is None:
        start = list(_climb(cells.coarsened(EXPLORATION_CELLS), model, _starts(cells), bounds).parameters)
    top = _climb(cells, model, [start], bounds)
    r, alpha, a, b = (float(value) for value in top.parameters)
    return PurchaseFit(model, r, alpha, a, b, top.log_likelihood, _degenerate(top, model))


def expected_repeats(weeks: FloatArray, r: float, alpha: float, a: float, b: float) -> FloatArray:
    """Repeat purchases that MBG/NBD expects of a new customer within `weeks` (Batislam et al. 2007, equation 6)."""
    # The published form divides by a - 1; beside 1 it is as good as at 1.
    a = a if abs(a - 1) > 1e-5 else 1 + 1e-5
    z = weeks / (alpha + weeks)
    expected: FloatArray = b / (a - 1) * (1 - (1 - z) ** r * hyp2f1(r, b + 1, a + b, z))
    return expected


def log_likelihood(
    log_parameters: FloatArray, cells: PurchaseCells, model: PurchaseModel
) -> tuple[float, FloatArray]:
    """Log-likelihood of all cells and its gradient by (ln r, ln alpha, ln a, ln b).

    The models differ in one thing: MBG/NBD lets a customer drop out right after the first purchase too, so it
    has one more chance to drop out than BG/NBD. A customer without such a chance is alive for sure.
    """
    r, alpha, a, b = np.exp(log_parameters)
    # Terms of frequency alone are computed once per frequency, not once per cell.
    x, index = cells.by_frequency
    chances = x + 1 if model == "mbg_nbd" else x
    survived = gammaln(b + chances) - gammaln(b) + gammaln(a + b) - gammaln(a + b + chances)
    by_frequency = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + survived
    with np.errstate(divide="ignore"):
        log_drop_odds = np.where(chances > 0, np.log(a / np.maximum(b + chances - 1, 1e-300)), -np.inf)

    end, last = alpha + cells.age, alpha + cells.recency
    silence = np.log(end / last)
    purchases = r + x[index]
    lost_odds = log_drop_odds[index] + purchases * silence
    value = by_frequency[index] - purchases * np.log(end) + np.logaddexp(0.0, lost_odds)
    is_lost = expit(lost_odds)

    lost_by_frequency = np.bincount(index, weights=cells.weight * is_lost, minlength=len(x))
    weight_by_frequency = np.bincount(index, weights=cells.weight, minlength=len(x))
    both = digamma(a + b) - digamma(a + b + chances)
    kept = digamma(b + chances) - digamma(b) + both
    by_r = np.sum(weight_by_frequency * (digamma(r + x) - digamma(r) + np.log(alpha))) + np.sum(
        cells.weight * (is_lost * silence - np.log(end))
    )
    by_alpha = np.sum(
        cells.weight * (r / alpha - purchases / end + is_lost * purchases * (1.0 / end - 1.0 / last))
    )
    by_a = np.sum(weight_by_frequency * both) + lost_by_frequency.sum() / a
    by_b = np.sum(weight_by_frequency * kept) - np.sum(
        lost_by_frequency / np.where(chances > 0, b + chances - 1, np.inf)
    )
    gradient = np.array([r * by_r, alpha * by_alpha, a * by_a, b * by_b], dtype=np.float64)
    return float(np.sum(cells.weight * value)), gradient


def _climb(
    cells: PurchaseCells,
    model: PurchaseModel,
    starts: list[list[float]],
    bounds: list[tuple[float, float]],
) -> Maximum:
    return maximize(lambda point: log_likelihood(point, cells, model), starts, bounds, cells.customer_count)


def _parameters(fit: PurchaseFit) -> list[float] | None:
    values = [value for value in (fit.r, fit.alpha, fit.a, fit.b) if value is not None]
    return values if fit.reason is None else None


def _starts(cells: PurchaseCells) -> list[list[float]]:
    """From few to many lost customers, each at the shop's own mean repeat rate."""
    weeks_per_purchase = float(np.sum(cells.weight * cells.age) / np.sum(cells.weight * cells.frequency))
    return [
        [r, r * weeks_per_purchase * alive, a, b]
        for r, alive, a, b in ((0.5, 0.5, 1.0, 2.0), (1.0, 0.8, 0.3, 3.0), (0.3, 0.2, 1.0, 0.6))
    ]


def _too_little(cells: PurchaseCells) -> str | None:
    if cells.repeat_customer_count < MIN_REPEAT_CUSTOMERS:
        return (
            f"{cells.repeat_customer_count} customers bought on more than one day, "
            f"{MIN_REPEAT_CUSTOMERS} are needed"
        )
    if cells.history_days < MIN_HISTORY_DAYS:
        return f"{cells.history_days} days of purchases, {MIN_HISTORY_DAYS} are needed"
    return None


def _degenerate(top: Maximum, model: PurchaseModel) -> str | None:
    r, alpha, a, b = top.parameters
    if not top.is_converged or not np.all(np.isfinite(top.parameters)):
        return "the likelihood has no maximum that the search could reach"
    # BG/NBD divides by a + b + x - 1 for a customer with x repeat purchases; MBG/NBD by a + b + x.
    if model == "bg_nbd" and a + b <= 1:
        return f"degenerate dropout: a + b = {a + b:.3g} is not above 1"
    lower = dict(zip(BOUNDS, (bound[0] for bound in BOUNDS.values()), strict=True))
    if r <= lower["r"] * 1.001 or alpha <= lower["alpha"] * 1.001:
        return f"degenerate purchase rate: r = {r:.3g}, alpha = {alpha:.3g} weeks"
    return None
