"""The append-only table of fits.

Belongs here: the table's DDL and the one insert. Does not: choosing which fit is in force (SQL:
`int_clv_current_fit`).
"""

from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from decimal import Decimal

import duckdb

FITS_TABLE = "pipeline.clv_fits"


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


def create_fits_table(con: duckdb.DuckDBPyConnection) -> None:
    """Create `pipeline.clv_fits` if it is absent; existing fits stay."""
    con.execute("create schema if not exists pipeline")
    con.execute(
        f"""
        create table if not exists {FITS_TABLE} (
            fit_id varchar primary key,
            build_id varchar not null,
            fitted_at timestamp not null,
            as_of_date date not null,
            model varchar not null,
            r double,
            alpha double,
            a double,
            b double,
            log_likelihood double,
            gg_p double,
            gg_q double,
            gg_v double,
            gg_log_likelihood double,
            spend_fallback_mean decimal(18, 4),
            customer_count bigint not null,
            repeat_customer_count bigint not null,
            is_valid boolean not null,
            reason varchar
        )
        """
    )


def append_fit(con: duckdb.DuckDBPyConnection, row: FitRow) -> None:
    """Add one fit. Fitting again in the same build replaces that build's own row and no other."""
    columns = ", ".join(column.name for column in fields(FitRow))
    marks = ", ".join("?" for _ in fields(FitRow))
    con.execute(f"insert or replace into {FITS_TABLE} ({columns}) values ({marks})", list(astuple(row)))  # noqa: S608
