from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from crm_warehouse import clv
from crm_warehouse.clv import cells, step
from crm_warehouse.clv.choice import Incumbent, choose
from crm_warehouse.clv.store import create_fits_table
from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import Settings
from tests.python.clv.shops import AS_OF, Shop, simulate


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(raw=tmp_path, out=tmp_path)


def write_cells(settings: Settings, shop: Shop) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema if not exists intermediate; create schema if not exists published_state")
        con.register(
            "shop",
            shop.customers().assign(x=shop.frequency, recency=shop.recency_days, age=shop.age_days),
        )
        con.execute(
            f"""
            create or replace table intermediate.int_clv_cells as
            select date '{AS_OF}' as origin_date, cast(x as bigint) as repeat_purchase_count,
                cast(recency as bigint) as recency_days, cast(age as bigint) as age_days,
                count(*) as customer_count
            from shop group by all;
            create or replace table intermediate.int_clv_spend_cells as
            select date '{AS_OF}' as origin_date, purchase_day_count,
                cast(floor(ln(sales_amount / purchase_day_count) * 50) as bigint) as spend_band,
                count(*) as customer_count,
                sum(cast(sales_amount / purchase_day_count as decimal(28, 6))) as mean_spend_sum
            from shop group by all;
            create or replace table intermediate.int_clv_shop_rates as
            select date '{AS_OF}' as as_of_date, cast(25 as decimal(18, 4)) as mean_spend_amount;
            create or replace table intermediate.int_clv_backtest_histories as
            select 90 as horizon_days, 0 as origin_number, 0 as years_back, date '{AS_OF}' as origin_date,
                x as repeat_purchase_count, recency as recency_days, age as age_days, sales_amount, refund_amount,
                0 as recent_purchase_day_count, 0 as later_purchase_day_count, 0 as later_net_amount
            from shop;
            create or replace table published_state.clv_model_quality as
            select 90 as horizon_days, 'in_force' as origin_role, 'mbg_nbd+season' as winner, 'passed' as release_gate
            """
        )


def stored(settings: Settings) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        return con.execute("select * from pipeline.clv_fits order by fit_id").fetchall()


def test_a_fit_is_appended_and_fitting_again_in_a_build_replaces_only_its_own(settings: Settings) -> None:
    write_cells(settings, simulate(2_000))
    clv.fit(settings, "b1")
    first = clv.fit(settings, "b2")
    again = clv.fit(settings, "b2")
    rows = stored(settings)
    assert [row[0] for row in rows] == ["b1:mbg_nbd", "b2:mbg_nbd"]
    assert first.row.r == again.row.r
    assert again.row.as_of_date == date(2024, 12, 31)
    assert again.row.spend_fallback_mean == Decimal(25)
    assert again.row.is_valid
    assert again.row.reason is None
    assert str(again).startswith("mbg_nbd r=")


def test_a_shop_that_no_model_holds_for_is_stored_with_the_reason(settings: Settings) -> None:
    write_cells(settings, simulate(20))
    report = clv.fit(settings, "b1")
    assert not report.row.is_valid
    assert report.row.r is None
    assert "are needed" in str(report.row.reason)
    assert "scores come from the formula" in str(report)
    assert len(stored(settings)) == 1


def test_merging_days_into_weeks_hardly_moves_the_fit(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cells(settings, simulate(20_000))
    exact = clv.fit(settings, "exact")
    monkeypatch.setattr(cells, "MAX_CELLS", exact.purchase_cell_count - 1)
    merged = clv.fit(settings, "merged")
    assert merged.purchase_cell_count < exact.purchase_cell_count
    assert merged.row.customer_count == exact.row.customer_count == 20_000
    assert [merged.row.r, merged.row.alpha, merged.row.a, merged.row.b] == pytest.approx(
        [exact.row.r, exact.row.alpha, exact.row.a, exact.row.b], rel=0.01
    )


def test_the_fit_knows_what_scores_the_live_version(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cells(settings, simulate(2_000))
    seen: list[object] = []
    monkeypatch.setattr(step, "choose", lambda *given: seen.append(given[2]) or choose(*given))
    clv.fit(settings, "b1")
    assert seen == [{90: Incumbent("mbg_nbd+season", "passed")}]


def test_a_fit_before_its_cells_says_what_to_build(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match="dbt build --exclude"):
        clv.fit(settings, "b1")


def test_creating_the_table_again_keeps_earlier_fits(settings: Settings) -> None:
    write_cells(settings, simulate(20))
    clv.fit(settings, "b1")
    with duckdb.connect(str(settings.warehouse_path)) as con:
        create_fits_table(con)
    assert len(stored(settings)) == 1
