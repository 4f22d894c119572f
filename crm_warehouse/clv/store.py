"""What the fit leaves in the warehouse: the append-only tables of fits, choices and backtests.

Belongs here: the rows, their tables and the inserts. Does not: choosing which fit is in force (SQL:
`int_clv_current_fit`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import get_args, get_type_hints

import duckdb

from crm_warehouse.clv.choice import Assessment, Choice
from crm_warehouse.clv.metrics import (
    area_under_curve,
    bias,
    calibration_by_decile,
    mean_absolute_error,
    spearman,
    top_capture,
)
from crm_warehouse.clv.purchases import PurchaseFit
from crm_warehouse.clv.spend import SpendFit

NO_FIT = PurchaseFit("mbg_nbd", None, None, None, None, None, None)
NO_SPEND = SpendFit(None, None, None, None, None)

COLUMN_TYPES: dict[type, str] = {
    str: "varchar",
    bool: "boolean",
    int: "bigint",
    float: "double",
    date: "date",
    datetime: "timestamp",
    Decimal: "decimal(18, 4)",
}


@dataclass(frozen=True)
class FitRow:
    """One fit as it is stored; field order is column order.

    Attributes:
        fit_id: `<build_id>:<model>`, unique.
        build_id: Build that made the fit.
        fitted_at: When, UTC.
        as_of_date: Last day of the data it saw (reporting time zone).
        model: Purchase model: `mbg_nbd` or `bg_nbd`.
        r: Shape of the purchase rate across customers.
        alpha: Scale of the purchase rate, in weeks.
        a: First parameter of the dropout probability across customers.
        b: Second parameter of the dropout probability across customers.
        log_likelihood: Of the purchase model.
        gg_p: Gamma-Gamma shape of one purchase's value; None when the spend model is refused.
        gg_q: Gamma-Gamma shape across customers; None when the spend model is refused.
        gg_v: Gamma-Gamma scale, in the reporting currency; None when the spend model is refused.
        gg_log_likelihood: Of the spend model; None when it is refused.
        spend_fallback_mean: Mean value of one purchase day over the whole shop.
        customer_count: Customers with a purchase.
        repeat_customer_count: Of these, customers with a second purchase day.
        is_valid: Whether scoring may use the purchase model.
        reason: Why the purchase or the spend model was refused; None when neither was.
    """

    fit_id: str
    build_id: str
    fitted_at: datetime
    as_of_date: date
    model: str
    r: float | None
    alpha: float | None
    a: float | None
    b: float | None
    log_likelihood: float | None
    gg_p: float | None
    gg_q: float | None
    gg_v: float | None
    gg_log_likelihood: float | None
    spend_fallback_mean: Decimal | None
    customer_count: int
    repeat_customer_count: int
    is_valid: bool
    reason: str | None


@dataclass(frozen=True)
class ChoiceRow:
    """What scores one horizon in the build of a fit; field order is column order.

    Attributes:
        fit_id: The fit.
        horizon_days: The horizon.
        winner: Best candidate on the earlier origins.
        candidate: What scores: the winner, or the formula where the release gate refused it.
        choice_reason: Why the winner won.
        release_gate: passed, refused or not_assessed.
        gate_reason: Why.
        season_orders_factor: How much busier than average the horizon is expected to be, for orders.
        season_churn_factor: The same for churn.
        level_error: Relative standard error of the shop's total.
        shape_orders_0: Shape layer for orders: intercept; None without a layer, as all that follow.
        shape_orders_1: Frequency.
        shape_orders_2: Silence.
        shape_orders_3: Age.
        shape_orders_4: Frequency times silence.
        shape_churn_0: Shape layer for churn: intercept.
        shape_churn_1: Frequency.
        shape_churn_2: Silence.
        shape_churn_3: Age.
        shape_churn_4: Frequency times silence.
    """

    fit_id: str
    horizon_days: int
    winner: str
    candidate: str
    choice_reason: str
    release_gate: str
    gate_reason: str
    season_orders_factor: float
    season_churn_factor: float
    level_error: float
    shape_orders_0: float | None
    shape_orders_1: float | None
    shape_orders_2: float | None
    shape_orders_3: float | None
    shape_orders_4: float | None
    shape_churn_0: float | None
    shape_churn_1: float | None
    shape_churn_2: float | None
    shape_churn_3: float | None
    shape_churn_4: float | None

    @classmethod
    def of(cls, fit_id: str, choice: Choice) -> "ChoiceRow":
        """The choice of one horizon, as a row of that fit."""
        layer = (*choice.layer.orders, *choice.layer.churn) if choice.layer else (None,) * 10
        return cls(
            fit_id,
            choice.horizon_days,
            choice.winner,
            choice.candidate,
            choice.reason,
            choice.gate,
            choice.gate_reason,
            choice.season.orders,
            choice.season.churn,
            choice.level_error,
            *layer,
        )


@dataclass(frozen=True)
class BacktestRow:
    """One candidate on one origin; field order is column order. Meanings: `clv_model_quality`."""

    fit_id: str
    horizon_days: int
    origin_number: int
    origin_date: date
    candidate: str
    customer_count: int
    actual_orders: float
    predicted_orders: float
    actual_revenue: float
    predicted_revenue: float
    orders_mae: float
    revenue_mae: float
    orders_spearman: float | None
    revenue_spearman: float | None
    orders_bias: float | None
    revenue_bias: float | None
    top_decile_capture: float | None
    actual_churn_rate: float
    predicted_churn_rate: float
    auc: float | None
    brier: float
    calibration_error: float
    calibration: str
    season_orders_factor: float | None
    season_churn_factor: float | None
    r: float | None
    alpha: float | None
    a: float | None
    b: float | None
    log_likelihood: float | None
    gg_p: float | None
    gg_q: float | None
    gg_v: float | None

    @classmethod
    def of(cls, fit_id: str, assessment: Assessment) -> "BacktestRow":
        """All measures of one assessment, as a row of that fit."""
        histories, prediction = assessment.histories, assessment.prediction
        fit, spend = assessment.fit or NO_FIT, assessment.spend or NO_SPEND
        deciles = calibration_by_decile(prediction.churn, histories.stayed_away)
        return cls(
            fit_id=fit_id,
            horizon_days=histories.horizon_days,
            origin_number=histories.origin_number,
            origin_date=histories.origin_date,
            candidate=assessment.candidate,
            customer_count=histories.customer_count,
            actual_orders=float(histories.later.sum()),
            predicted_orders=float(prediction.orders.sum()),
            actual_revenue=float(histories.later_revenue.sum()),
            predicted_revenue=float(prediction.revenue.sum()),
            orders_mae=assessment.orders_error,
            revenue_mae=mean_absolute_error(prediction.revenue, histories.later_revenue),
            orders_spearman=spearman(prediction.orders, histories.later),
            revenue_spearman=spearman(prediction.revenue, histories.later_revenue),
            orders_bias=bias(prediction.orders, histories.later),
            revenue_bias=bias(prediction.revenue, histories.later_revenue),
            top_decile_capture=top_capture(prediction.revenue, histories.later_revenue),
            actual_churn_rate=float(histories.stayed_away.mean()),
            predicted_churn_rate=float(prediction.churn.mean()),
            auc=area_under_curve(prediction.churn, histories.stayed_away),
            brier=assessment.churn_error,
            calibration_error=assessment.calibration_error,
            calibration=json.dumps([asdict(decile) for decile in deciles]),
            season_orders_factor=assessment.season.orders if assessment.season else None,
            season_churn_factor=assessment.season.churn if assessment.season else None,
            r=fit.r,
            alpha=fit.alpha,
            a=fit.a,
            b=fit.b,
            log_likelihood=fit.log_likelihood,
            gg_p=spend.p,
            gg_q=spend.q,
            gg_v=spend.v,
        )


Row = FitRow | ChoiceRow | BacktestRow
TABLES: dict[type[Row], str] = {
    FitRow: "pipeline.clv_fits",
    ChoiceRow: "pipeline.clv_choices",
    BacktestRow: "pipeline.clv_backtests",
}


def create_fits_table(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that are absent; what earlier builds left stays."""
    con.execute("create schema if not exists pipeline")
    for row_type, table in TABLES.items():
        columns = ", ".join(f"{name} {kind}" for name, kind in _columns(row_type))
        con.execute(f"create table if not exists {table} ({columns})")


def append_fit(
    con: duckdb.DuckDBPyConnection,
    fit: FitRow,
    choices: Sequence[ChoiceRow],
    backtests: Sequence[BacktestRow],
) -> None:
    """Add one fit and what belongs to it. Fitting again in the same build replaces that build's rows and no other."""
    con.begin()
    for table in TABLES.values():
        con.execute(f"delete from {table} where fit_id = ?", [fit.fit_id])  # noqa: S608 - our own tables
    rows: list[Row] = [fit, *choices, *backtests]
    for row in rows:
        names = ", ".join(column.name for column in fields(row))
        marks = ", ".join("?" for _ in fields(row))
        con.execute(f"insert into {TABLES[type(row)]} ({names}) values ({marks})", list(astuple(row)))  # noqa: S608 - field names
    con.commit()


def _columns(row_type: type[Row]) -> list[tuple[str, str]]:
    """Columns as DDL says them; what may be None may be null."""
    columns = []
    for name, hint in get_type_hints(row_type).items():
        kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
        is_nullable = type(None) in get_args(hint)
        columns.append((name, COLUMN_TYPES[kinds[0]] + ("" if is_nullable else " not null")))
    return columns
