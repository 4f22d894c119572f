"""Which candidate scores a shop: rolling-origin backtest, choice on earlier origins, release gate on the latest.

Belongs here: the candidates, how they are compared, and the reasons in words. Does not: SQL, or storage
(`store.py`).

Each horizon (that of CLV, that of churn) is assessed on its own. Origins lie one horizon apart. Origin 0 is the as-of
date and has no outcome yet; origin 1, the latest with one, is kept for the release gate; the choice sees origins 2
and up, whose outcomes were all known on origin 1. What scores the live version stays until another is clearly better:
two candidates alike would else take turns from day to day, and everybody's scores with them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crm_warehouse.clv import shape
from crm_warehouse.clv.histories import Histories
from crm_warehouse.clv.metrics import brier_score, calibration_error, mean_absolute_error
from crm_warehouse.clv.predict import (
    EVEN,
    Prediction,
    Season,
    ShopRates,
    by_formula,
    by_last_period,
    by_purchase_model,
    purchase_scores,
    reshaped,
)
from crm_warehouse.clv.purchases import PurchaseFit, fit_purchases
from crm_warehouse.clv.shape import Shape
from crm_warehouse.clv.spend import SpendFit, fit_spend

Gate = Literal["passed", "refused", "not_assessed"]

MODEL, SEASON, SHAPE = "mbg_nbd", "mbg_nbd+season", "mbg_nbd+shape"
FORMULA, LAST_PERIOD = "formula", "last_period"
CANDIDATES = (MODEL, SEASON, SHAPE, FORMULA, LAST_PERIOD)

# A challenger must beat what stands by this in orders and in churn: less is within what another year would turn round.
LEAST_GAIN = 0.01
# The gate refuses what is this much worse than the formula in orders or in churn.
GATE_TOLERANCE = 0.05
# ... or whose churn probabilities are off by this on average, unless those of the formula are off by more.
GATE_CALIBRATION_ERROR = 0.15
# A winner that the live version refused must be within both limits by this before it scores again.
RETURN_MARGIN = 0.03
# Fewer customers than this tell candidates apart by luck.
LEAST_CUSTOMERS = 100
# A season is measured on returning customers; this many at the average pace are added to them.
SEASON_PRIOR_CUSTOMERS = 30.0
SEASON_RANGE = (0.25, 4.0)
SEASON_STEPS = 3
# Relative error of the shop's total where no origin has shown it.
UNASSESSED_LEVEL_ERROR = 0.3
LARGEST_LEVEL_ERROR = 1.5


@dataclass(frozen=True)
class Incumbent:
    """What the live version says of one horizon.

    Attributes:
        winner: Best candidate on the earlier origins of that day.
        gate: What its latest origin said about the winner.
    """

    winner: str
    gate: str


@dataclass(frozen=True)
class Assessment:
    """One candidate on one origin.

    Attributes:
        candidate: Which.
        histories: The customers on the origin, and what came.
        prediction: What the candidate said.
        fit: The purchase model as fitted on the origin; None for candidates without.
        spend: The spend model as fitted on the origin; None for candidates without.
        season: Busyness of the horizon that the prediction assumed; None for candidates without.
    """

    candidate: str
    histories: Histories
    prediction: Prediction
    fit: PurchaseFit | None = None
    spend: SpendFit | None = None
    season: Season | None = None

    @property
    def origin_number(self) -> int:
        """Horizons between the origin and the as-of date."""
        return self.histories.origin_number

    @property
    def orders_error(self) -> float:
        """Mean absolute error of purchase days."""
        return mean_absolute_error(self.prediction.orders, self.histories.later)

    @property
    def churn_error(self) -> float:
        """Brier score of churn."""
        return brier_score(self.prediction.churn, self.histories.stayed_away)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of churn."""
        return calibration_error(self.prediction.churn, self.histories.stayed_away)

    @property
    def level_error(self) -> float:
        """Logarithm of actual over predicted total of purchase days, held within what an interval can use."""
        ratio = (self.histories.later.sum() + 1) / (self.prediction.orders.sum() + 1)
        return float(np.clip(np.log(ratio), -LARGEST_LEVEL_ERROR, LARGEST_LEVEL_ERROR))


@dataclass(frozen=True)
class Choice:
    """What scores one horizon, and why.

    Attributes:
        horizon_days: The horizon.
        winner: Best candidate on the earlier origins.
        candidate: What scores: the winner, or the formula where the gate refused it.
        reason: In words.
        gate: What the latest origin says about the winner.
        gate_reason: In words.
        season: Busyness of the horizon ahead; even where it plays no role.
        layer: Shape layer; None where it plays no role.
        level_error: Relative standard error of the shop's total.
        assessments: Every candidate on every origin with an outcome.
    """

    horizon_days: int
    winner: str
    candidate: str
    reason: str
    gate: Gate
    gate_reason: str
    season: Season
    layer: Shape | None
    level_error: float
    assessments: tuple[Assessment, ...]


def choose(
    histories: Sequence[Histories], fit: PurchaseFit, incumbents: Mapping[int, Incumbent] | None = None
) -> list[Choice]:
    """Assess every candidate on every horizon and say which one scores it.

    Args:
        histories: All origins of all horizons.
        fit: The purchase model on the as-of date, refused or not.
        incumbents: What the live version says, by horizon; none before a first publication.
    """
    horizons = sorted({history.horizon_days for history in histories})
    return [
        _choose([h for h in histories if h.horizon_days == days], fit, (incumbents or {}).get(days))
        for days in horizons
    ]


def _choose(histories: Sequence[Histories], fit: PurchaseFit, incumbent: Incumbent | None) -> Choice:
    origins = {h.origin_number: h for h in histories if h.years_back == 0}
    year_before = {h.origin_number: h for h in histories if h.years_back == 1}
    assessments = tuple(
        assessment
        for number, origin in sorted(origins.items())
        if number > 0 and origin.customer_count >= LEAST_CUSTOMERS
        for assessment in _assess(origin, _earlier(origins, number), year_before.get(number), fit)
    )
    winner, reason = _winner(assessments, fit, incumbent.winner if incumbent else MODEL)
    gate, gate_reason = _gate(winner, assessments, was_refused=incumbent == Incumbent(winner, "refused"))
    candidate = FORMULA if gate == "refused" else winner
    today = origins.get(0)
    season = _season(year_before.get(0), fit) if candidate == SEASON else None
    return Choice(
        horizon_days=histories[0].horizon_days,
        winner=winner,
        candidate=candidate,
        reason=reason,
        gate=gate,
        gate_reason=gate_reason,
        season=season or EVEN,
        layer=_layer(today, _earlier(origins, 0), fit) if candidate == SHAPE and today else None,
        level_error=_level_error(candidate, assessments, today),
        assessments=assessments,
    )


def _assess(
    origin: Histories, earlier: list[Histories], year_before: Histories | None, near: PurchaseFit
) -> Iterable[Assessment]:
    rates = ShopRates.of(origin)
    yield Assessment(FORMULA, origin, by_formula(origin, rates))
    yield Assessment(LAST_PERIOD, origin, by_last_period(origin))
    fit = fit_purchases(origin.purchase_cells(), near=near)
    if fit.reason:
        return
    spend = fit_spend(origin.spend_cells())
    model = by_purchase_model(origin, rates, fit, spend)
    yield Assessment(MODEL, origin, model, fit, spend)
    season = _season(year_before, fit)
    if season:
        yield Assessment(
            SEASON, origin, by_purchase_model(origin, rates, fit, spend, season), fit, spend, season
        )
    layer = _layer(origin, earlier, fit)
    if layer:
        yield Assessment(SHAPE, origin, reshaped(model, origin, layer), fit, spend)


def _earlier(origins: Mapping[int, Histories], number: int) -> list[Histories]:
    """Origins whose outcome was known on origin `number`."""
    return [h for n, h in sorted(origins.items()) if n > number and h.customer_count >= LEAST_CUSTOMERS]


def _layer(origin: Histories, earlier: list[Histories], fit: PurchaseFit) -> Shape | None:
    if not earlier:
        return None
    orders, churn = shape.fit_orders(earlier), shape.fit_churn(earlier)
    if orders is None or churn is None:
        return None
    _, model_orders, model_churn = purchase_scores(origin, fit)
    return Shape(
        orders=tuple(shape.levelled_orders(orders, origin, model_orders).tolist()),
        churn=tuple(shape.levelled_churn(churn, origin, model_churn).tolist()),
    )


def _season(year_before: Histories | None, near: PurchaseFit) -> Season | None:
    """How much busier the same days were a year earlier than a model of that day expected; None if unknown."""
    if year_before is None or year_before.customer_count < LEAST_CUSTOMERS:
        return None
    fit = fit_purchases(year_before.purchase_cells(), near=near)
    if fit.reason:
        return None
    known: Histories = year_before

    def orders(factor: float) -> float:
        return float(purchase_scores(known, fit, Season(orders=factor))[1].sum())

    def returned(factor: float) -> float:
        return float(np.sum(1 - purchase_scores(known, fit, Season(churn=factor))[2]))

    back = known.customer_count - float(known.stayed_away.sum())
    trust = back / (back + SEASON_PRIOR_CUSTOMERS)
    return Season(
        orders=_factor(orders, float(known.later.sum())) ** trust, churn=_factor(returned, back) ** trust
    )


def _factor(total: Callable[[float], float], wanted: float) -> float:
    """The factor on the horizon at which the total is what came: secant steps on logarithms, where it is a line."""
    low, high = np.log(SEASON_RANGE)
    wanted = np.log(max(wanted, 1.0))
    before, at = 0.0, float(np.log(max(total(1.0), 1e-9)))
    point = float(np.clip(wanted - at, low, high))
    for _ in range(SEASON_STEPS):
        now = float(np.log(max(total(float(np.exp(point))), 1e-9)))
        slope = (now - at) / (point - before) if abs(point - before) > 1e-6 else 1.0
        before, at = point, now
        point = float(np.clip(point + (wanted - now) / max(slope, 0.1), low, high))
    return float(np.exp(point))


def _winner(assessments: Sequence[Assessment], fit: PurchaseFit, incumbent: str) -> tuple[str, str]:
    if fit.reason:
        return FORMULA, f"no purchase model: {fit.reason}"
    earlier = [a for a in assessments if a.origin_number > 1]
    known = {a.candidate for a in earlier}
    if MODEL not in known:
        return MODEL, "no earlier origin to compare candidates on: the purchase model by default"
    standing = incumbent if incumbent in known else MODEL
    gains = {
        name: gain
        for name in CANDIDATES
        if name != standing and (gain := _gain(name, standing, earlier)) is not None
    }
    better = {name: gain for name, gain in gains.items() if _is_better(name, gain)}
    if not better:
        return standing, (
            f"no candidate beat {standing} by {LEAST_GAIN:.0%} in orders and in churn: {_in_words(gains)}"
        )
    best = max(better, key=lambda name: sum(better[name]))
    return best, f"beat {standing} on the earlier origins: {_in_words({best: better[best]})}"


def _is_better(name: str, gain: tuple[float, float]) -> bool:
    """The purchase model, which needs no season or layer, also returns where it is better on the whole."""
    return min(gain) > LEAST_GAIN or (name == MODEL and sum(gain) / 2 > LEAST_GAIN)


def _gain(name: str, standing: str, assessments: Sequence[Assessment]) -> tuple[float, float] | None:
    """Relative gain over what stands in orders and in churn, over the origins that know both."""
    others = {a.origin_number: a for a in assessments if a.candidate == standing}
    pairs = [
        (a, others[a.origin_number]) for a in assessments if a.candidate == name and a.origin_number in others
    ]
    if not pairs:
        return None
    weights = [a.histories.customer_count for a, _ in pairs]
    return (
        _relative([a.orders_error for a, _ in pairs], [o.orders_error for _, o in pairs], weights),
        _relative([a.churn_error for a, _ in pairs], [o.churn_error for _, o in pairs], weights),
    )


def _relative(errors: list[float], others: list[float], weights: list[int]) -> float:
    return 1 - float(np.dot(errors, weights)) / max(float(np.dot(others, weights)), 1e-12)


def _in_words(gains: Mapping[str, tuple[float, float]]) -> str:
    return ", ".join(
        f"{name} {orders:+.1%} orders, {churn:+.1%} churn" for name, (orders, churn) in gains.items()
    )


def _gate(winner: str, assessments: Sequence[Assessment], *, was_refused: bool = False) -> tuple[Gate, str]:
    latest = {a.candidate: a for a in assessments if a.origin_number == 1}
    if winner not in latest or FORMULA not in latest:
        return "not_assessed", "history is too short for the latest origin"
    chosen, formula = latest[winner], latest[FORMULA]
    if winner == FORMULA:
        return "passed", "the formula itself"
    margin = RETURN_MARGIN if was_refused else 0.0
    limit = 1 + GATE_TOLERANCE - margin
    if chosen.orders_error > formula.orders_error * limit or chosen.churn_error > formula.churn_error * limit:
        return "refused", (
            f"worse than the formula on the latest origin: error of orders {chosen.orders_error:.3g} against "
            f"{formula.orders_error:.3g}, of churn {chosen.churn_error:.3g} against {formula.churn_error:.3g}"
        )
    error, other = chosen.calibration_error, formula.calibration_error
    if error > GATE_CALIBRATION_ERROR - margin and error > other:
        return (
            "refused",
            f"badly calibrated on the latest origin: off by {error:.2f}, the formula by {other:.2f}",
        )
    return "passed", f"no worse than the formula on the latest origin; calibration off by {error:.2f}"


def _level_error(candidate: str, assessments: Sequence[Assessment], today: Histories | None) -> float:
    """What past totals were off by, and no less than chance makes it."""
    errors = [a.level_error for a in assessments if a.candidate == candidate]
    seen = float(np.mean(np.square(errors))) if errors else UNASSESSED_LEVEL_ERROR**2
    repeats = float(today.frequency.sum()) if today else 0.0
    return float(min(np.sqrt(seen + 1 / (repeats + 1)), LARGEST_LEVEL_ERROR))
