"""The choice by backtest: what wins, what the gate refuses, and what it says where history is too short."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from crm_warehouse.clv import choice as choices
from crm_warehouse.clv.choice import Assessment, Choice, Incumbent, choose
from crm_warehouse.clv.histories import Histories
from crm_warehouse.clv.predict import EVEN, Prediction
from crm_warehouse.clv.purchases import PurchaseFit, fit_purchases
from tests.python.clv.conftest import Scores
from tests.python.clv.shops import AS_OF, FloatArray, Process, Shop, simulate

HORIZON = 90
DAYS = 1092


def origin(
    shop: Shop, number: int, years_back: int = 0, warp: Callable[[FloatArray], FloatArray] | None = None
) -> Histories:
    """The shop (three years) as it stood on an origin; `warp` moves its calendar."""
    who = shop.purchases[:, 0].astype(int)
    day = DAYS - shop.age_days[who] + shop.purchases[:, 1]
    day = warp(day) if warp else day
    at = DAYS - number * HORIZON - 365 * years_back
    size = len(shop.age_days)
    first, last = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(first, who, day)
    np.maximum.at(last, who[day <= at], day[day <= at])
    known = first <= at

    def count(where: FloatArray) -> FloatArray:
        days = np.unique(np.column_stack([who, day])[where], axis=0)
        return np.bincount(days[:, 0].astype(int), minlength=size).astype(float)[known]

    seen, later = count(day <= at), count((day > at) & (day <= at + HORIZON))
    spend = shop.mean_spend[known]
    return Histories(
        number, years_back, AS_OF - timedelta(days=number * HORIZON + 365 * years_back), HORIZON,
        seen - 1, (last - first)[known], at - first[known], spend * seen, spend * 0,
        count((day > at - HORIZON) & (day <= at)), later, later * spend,
    )  # fmt: skip


def origins(shop: Shop, warp: Callable[[FloatArray], FloatArray] | None = None) -> list[Histories]:
    return [origin(shop, number, years_back, warp) for number in range(5) for years_back in (0, 1)]


def quarter_rush(day: FloatArray) -> FloatArray:
    """Every fourth quarter sells three times as much as the others."""
    year, within = np.divmod(day, 365)
    return year * 365 + np.floor(np.where(within < 182.5, within * 1.5, 273.75 + (within - 182.5) / 2))


def chosen(given: list[Histories]) -> Choice:
    return choose(given, fit_purchases(given[0].purchase_cells()))[0]


@pytest.fixture(scope="module")
def shop() -> Shop:
    return simulate(4_000, Process(r=0.9, alpha=6.0, a=0.5, b=4.0), weeks=DAYS / 7)


def test_a_shop_that_follows_the_model_keeps_it(shop: Shop) -> None:
    answer = chosen(origins(shop))
    assert (answer.winner, answer.candidate, answer.gate) == ("mbg_nbd", "mbg_nbd", "passed")
    assert answer.season == EVEN
    assert answer.level_error < 0.1
    assert {a.origin_number for a in answer.assessments} == {1, 2, 3, 4}
    assert {a.candidate for a in answer.assessments} == set(choices.CANDIDATES)


def test_a_shop_with_strong_seasons_gets_last_years_season(shop: Shop) -> None:
    answer = chosen(origins(shop, quarter_rush))
    assert answer.candidate == "mbg_nbd+season"
    assert "beat mbg_nbd" in answer.reason
    # The quarter after the as-of date (day 1,092 = late in the third year) is the quiet one.
    assert answer.season.orders < 0.9
    assert answer.season.churn < 0.9
    by_name = {a.candidate: a for a in answer.assessments if a.origin_number == 1}
    assert by_name["mbg_nbd+season"].calibration_error < by_name["mbg_nbd"].calibration_error


def test_the_choice_never_looks_at_the_latest_origin(shop: Shop) -> None:
    given = origins(shop)
    scrambled = [
        replace(h, later=h.later[::-1], later_revenue=h.later_revenue[::-1]) if h.origin_number == 1 else h
        for h in given
    ]
    assert chosen(scrambled).winner == chosen(given).winner
    assert chosen(scrambled).reason == chosen(given).reason


def test_a_collapse_after_the_latest_origin_refuses_the_model(shop: Shop) -> None:
    given = [
        replace(h, later=h.later * 0, later_revenue=h.later * 0) if h.origin_number == 1 else h
        for h in origins(shop)
    ]
    answer = chosen(given)
    assert answer.winner == "mbg_nbd"
    calm = chosen(origins(shop))
    assert answer.level_error > 3 * calm.level_error


def assessment(name: str, number: int, orders: float, churn: float, given: Histories) -> Assessment:
    size = given.customer_count
    return Assessment(
        name, given, Prediction(np.full(size, orders), np.full(size, orders), np.full(size, churn))
    )


def test_the_gate_refuses_what_is_worse_than_the_formula(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    latest = origin(shop, 1)
    away, mean = float(latest.stayed_away.mean()), float(latest.later.mean())
    good = assessment("formula", 1, mean, away, latest)
    for orders, churn, words in (
        (mean + 2, away, "worse"),
        (mean, away - 0.6, "worse"),
        (mean, away, "no worse"),
    ):
        gate, reason = choices._gate("mbg_nbd", [good, assessment("mbg_nbd", 1, orders, churn, latest)])
        assert gate == ("passed" if words == "no worse" else "refused")
        assert words in reason


def test_the_gate_refuses_what_is_badly_calibrated_unless_the_formula_is_worse(shop: Shop) -> None:
    latest = origin(shop, 1)
    away = float(latest.stayed_away.mean())
    skewed = Prediction(latest.later, latest.later_revenue, np.clip(latest.stayed_away, 0.2, 0.8))
    model = Assessment("mbg_nbd", latest, skewed)
    flat = assessment("formula", 1, 0.0, away, latest)
    assert model.churn_error < flat.churn_error
    assert choices._gate("mbg_nbd", [flat, model]) == (
        "refused",
        f"badly calibrated on the latest origin: off by {model.calibration_error:.2f}, the formula by 0.00",
    )
    worse = assessment("formula", 1, 0.0, away - 0.5, latest)
    assert choices._gate("mbg_nbd", [worse, model])[0] == "passed"


def off_by(name: str, error: float, churn_error: float, given: Histories) -> Assessment:
    """A candidate with these relative errors of orders and of churn."""
    churn = np.abs(given.stayed_away - np.sqrt(churn_error))
    return Assessment(name, given, Prediction(given.later * (1 - error), given.later_revenue, churn))


@pytest.mark.parametrize(
    ("incumbent", "orders_error", "churn_error", "winner"),
    [
        ("mbg_nbd", 0.1995, 0.1995, "mbg_nbd"),
        ("mbg_nbd", 0.19, 0.19, "mbg_nbd+season"),
        ("mbg_nbd", 0.19, 0.2, "mbg_nbd"),
        ("mbg_nbd+season", 0.1995, 0.1995, "mbg_nbd+season"),
        ("mbg_nbd+season", 0.2005, 0.2005, "mbg_nbd+season"),
        ("mbg_nbd+season", 0.21, 0.21, "mbg_nbd"),
        ("mbg_nbd+season", 0.198, 0.21, "mbg_nbd"),
        ("mbg_nbd+shape", 0.1995, 0.1995, "mbg_nbd"),
    ],
)
def test_what_scores_stays_until_another_is_clearly_better(
    shop: Shop, incumbent: str, orders_error: float, churn_error: float, winner: str
) -> None:
    earlier = origin(shop, 2)
    assessments = [
        off_by("mbg_nbd", 0.2, 0.2, earlier),
        off_by("mbg_nbd+season", orders_error, churn_error, earlier),
    ]
    fit = fit_purchases(earlier.purchase_cells())
    assert choices._winner(assessments, fit, incumbent)[0] == winner


def test_what_the_gate_refused_returns_with_a_margin(shop: Shop) -> None:
    latest = origin(shop, 1)
    formula = off_by("formula", 0.2, 0.2, latest)
    for error, fresh, again in ((0.201, "passed", "passed"), (0.207, "passed", "refused")):
        given = [formula, off_by("mbg_nbd", error, 0.2, latest)]
        assert choices._gate("mbg_nbd", given)[0] == fresh
        assert choices._gate("mbg_nbd", given, was_refused=True)[0] == again


def test_the_incumbent_of_another_horizon_plays_no_role(shop: Shop) -> None:
    given = origins(shop, quarter_rush)
    fit = fit_purchases(given[0].purchase_cells())
    alone = choose(given, fit)[0]
    assert alone.winner == choose(given, fit, {365: Incumbent("formula", "refused")})[0].winner
    assert alone.winner == choose(given, fit, {HORIZON: Incumbent("mbg_nbd+season", "passed")})[0].winner


def test_a_short_history_is_not_assessed(shop: Shop) -> None:
    answer = chosen([origin(shop, 0)])
    assert (answer.candidate, answer.gate) == ("mbg_nbd", "not_assessed")
    assert answer.level_error >= choices.UNASSESSED_LEVEL_ERROR
    assert "default" in answer.reason


def test_without_a_purchase_model_the_formula_scores(shop: Shop) -> None:
    refused = PurchaseFit("mbg_nbd", None, None, None, None, None, "too few")
    answer = choose(origins(shop), refused)[0]
    assert (answer.winner, answer.reason) == ("formula", "no purchase model: too few")


def test_what_was_chosen_and_why_is_published(score: Callable[..., Scores], shop: Shop) -> None:
    scores = score(shop.customers(), shop.orders(), horizons=(365, 90))
    quality = scores.quality
    assert set(quality.horizon_days) == {365, 90}
    assert (quality[quality.origin_role == "in_force"].is_scoring).all()
    latest = quality[(quality.origin_role == "release") & (quality.horizon_days == 90)]
    assert set(latest.candidate) == set(choices.CANDIDATES)
    assert latest[latest.candidate != "last_period"].brier.between(0, 0.5).all()
    assert latest.set_index("candidate").r["mbg_nbd"] == pytest.approx(0.9, rel=0.5)
    assert (quality.release_gate == "passed").all()
    assert scores.quality.calibration_by_decile.dropna().str.contains('"predicted"').all()
