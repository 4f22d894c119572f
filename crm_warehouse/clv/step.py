"""The one Python step between the two halves of a dbt build: cells and sampled histories in, fit and choice out."""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb

from crm_warehouse.clv.cells import read_purchase_cells, read_spend_cells
from crm_warehouse.clv.choice import Choice, Incumbent, choose
from crm_warehouse.clv.histories import read_histories
from crm_warehouse.clv.purchases import PurchaseFit, PurchaseModel, fit_purchases
from crm_warehouse.clv.spend import SpendFit, fit_spend
from crm_warehouse.clv.store import BacktestRow, ChoiceRow, FitRow, append_fit, create_fits_table
from crm_warehouse.custody import custody
from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

# The model that the scoring SQL knows; bg_nbd is fitted where its published figures are checked.
MODEL: PurchaseModel = "mbg_nbd"


@dataclass(frozen=True)
class FitReport:
    """What a fit came to, for logs and metadata.

    Attributes:
        row: The fit as it was stored.
        choices: What scores each horizon.
        purchase_cell_count: Cells the purchase model was fitted on.
        spend_cell_count: Cells the spend model was fitted on.
        seconds: Wall time of reading and fitting.
    """

    row: FitRow
    choices: list[Choice]
    purchase_cell_count: int
    spend_cell_count: int
    seconds: float

    def __str__(self) -> str:
        """One line for a person."""
        row = self.row
        if not row.is_valid:
            return f"no purchase model ({row.reason}): scores come from the formula"
        purchases = f"{row.model} r={row.r:.4g} alpha={row.alpha:.4g} a={row.a:.4g} b={row.b:.4g}"
        if row.gg_p is None:
            return f"{purchases}; no spend model ({row.reason}): spend comes from means"
        return f"{purchases}; gamma_gamma p={row.gg_p:.4g} q={row.gg_q:.4g} v={row.gg_v:.4g}"

    @property
    def decisions(self) -> list[str]:
        """One line per horizon: what scores it, why, and what the release gate says."""
        return [
            f"{choice.horizon_days} days: {choice.candidate} ({choice.reason}); "
            f"release gate {choice.gate} ({choice.gate_reason})"
            for choice in self.choices
        ]


def fit(settings: Settings, build_id: str) -> FitReport:
    """Fit both models on this build's cells, choose what scores each horizon, and append both to `pipeline`.

    A shop that no model holds for is no error: the row says why, and scoring falls back to the formula.

    Args:
        settings: The warehouse to work in; its cells must have been built.
        build_id: The build the fit belongs to.

    Raises:
        WarehouseError: The cells are missing, because the first half of the build has not run.
    """
    started = datetime.now(UTC)
    with (
        custody(settings, build_id, "CLV fit"),
        duckdb.connect(str(settings.warehouse_path), config={"memory_limit": settings.memory_limit}) as con,
    ):
        as_of_date, mean_spend = _shop(con)
        purchase_cells = read_purchase_cells(con, as_of_date)
        spend_cells = read_spend_cells(con, as_of_date)
        purchases, spend = fit_purchases(purchase_cells, MODEL), fit_spend(spend_cells)
        choices = choose(read_histories(con), purchases, _incumbents(con))
        row = FitRow(
            fit_id=f"{build_id}:{MODEL}",
            build_id=build_id,
            fitted_at=started.replace(tzinfo=None),
            as_of_date=as_of_date,
            model=MODEL,
            r=purchases.r,
            alpha=purchases.alpha,
            a=purchases.a,
            b=purchases.b,
            log_likelihood=purchases.log_likelihood,
            gg_p=spend.p if spend.reason is None else None,
            gg_q=spend.q if spend.reason is None else None,
            gg_v=spend.v if spend.reason is None else None,
            gg_log_likelihood=spend.log_likelihood if spend.reason is None else None,
            spend_fallback_mean=mean_spend,
            customer_count=purchase_cells.customer_count,
            repeat_customer_count=purchase_cells.repeat_customer_count,
            is_valid=purchases.reason is None,
            reason=_reasons(purchases, spend),
        )
        create_fits_table(con)
        append_fit(
            con,
            row,
            [ChoiceRow.of(row.fit_id, choice) for choice in choices],
            [BacktestRow.of(row.fit_id, a) for choice in choices for a in choice.assessments],
        )
    report = FitReport(
        row=row,
        choices=choices,
        purchase_cell_count=len(purchase_cells.weight),
        spend_cell_count=len(spend_cells.weight),
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )
    logger.info("fitted %s", report)
    for decision in report.decisions:
        logger.info("%s", decision)
    return report


def _incumbents(con: duckdb.DuckDBPyConnection) -> dict[int, Incumbent]:
    """What scores each horizon of the live version, and what its release gate said."""
    rows = con.execute(
        "select horizon_days, winner, release_gate from published_state.clv_model_quality "
        "where origin_role = 'in_force'"
    ).fetchall()
    return {horizon_days: Incumbent(winner, gate) for horizon_days, winner, gate in rows}


def _shop(con: duckdb.DuckDBPyConnection) -> tuple[date, Decimal | None]:
    try:
        shop = con.execute(
            "select as_of_date, mean_spend_amount from intermediate.int_clv_shop_rates"
        ).fetchone()
    except duckdb.CatalogException as error:
        raise WarehouseError(
            "There is nothing to fit on: intermediate.int_clv_shop_rates does not exist. "
            "Build the models before the fit first: dbt build --exclude source:pipeline.clv_fits+"
        ) from error
    if shop is None:
        raise WarehouseError("intermediate.int_clv_shop_rates is empty; it must hold one row.")
    return shop[0], shop[1]


def _reasons(purchases: PurchaseFit, spend: SpendFit) -> str | None:
    return "; ".join(reason for reason in (purchases.reason, spend.reason) if reason) or None
