"""`make backtest AS_OF=<day> HORIZON=<days>`: build as of then, compare with what came, write HTML and JSON.

Belongs here: the command and the two builds. Does not: comparing or drawing.
"""

import argparse
import json
import logging
import os
import sys
import uuid
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from crm_warehouse.backtest.compare import compare
from crm_warehouse.backtest.page import render
from crm_warehouse.clv import fit
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import ingest
from crm_warehouse.settings import DEFAULT_OUT, Settings
from crm_warehouse.transform import FIT_BOUNDARY, run_dbt

# The fit reads cells and histories that no model does.
FIT_INPUTS = ("+int_clv_spend_cells", "+int_clv_backtest_histories")
SCORES = ("+customer_clv", "+customer_churn", "+clv_model_quality", "+customer_identifiers")
OUTCOMES = ("+orders", "+refunds", "+customer_identifiers")


def main(arguments: list[str] | None = None) -> int:
    """Run one backtest; 1 where the data cannot carry it, with the reason printed."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        html, figures = backtest(
            given.raw.resolve(), given.out.resolve(), given.as_of, given.horizon, given.vars
        )
    except WarehouseError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(figures, indent=2))
    print(f"\n{html}\n{html.with_suffix('.json')}")
    return 0


def backtest(
    raw: Path, out: Path, as_of: date, horizon_days: int, var_overrides: dict[str, Any]
) -> tuple[Path, dict[str, Any]]:
    """Build both days below `out`, compare them, and write the page and its figures.

    Raises:
        WarehouseError: A build failed, or the data ends before the horizon does.
    """
    until = as_of + timedelta(days=horizon_days)
    horizons = {**var_overrides, "clv_horizon_days": horizon_days, "churn_horizon_days": horizon_days}
    newest = ingest(Settings(raw, out / "newest", None, horizons), uuid.uuid4().hex[:12]).as_of_date
    if newest < until:
        raise WarehouseError(
            f"The data ends on {newest}, {horizon_days} days after {as_of} is {until}. "
            f"Ask for AS_OF={newest - timedelta(days=horizon_days)} or earlier, or for a shorter HORIZON."
        )
    earlier = Settings(raw, out / f"as_of_{as_of}", as_of, horizons)
    later = Settings(raw, out / f"as_of_{until}", until, horizons)
    _build(earlier, SCORES, with_fit=True)
    _build(later, OUTCOMES, with_fit=False)
    comparison = compare(earlier, later, as_of, horizon_days)
    html = out / f"backtest_{as_of}_{horizon_days}.html"
    html.write_text(render(comparison))
    figures = {"as_of": as_of.isoformat(), "horizon_days": horizon_days, **comparison.figures}
    plots = {
        "calibration": [asdict(group) for group in comparison.calibration],
        "gains": comparison.gains,
        "tracking": comparison.tracking,
    }
    html.with_suffix(".json").write_text(json.dumps({**figures, **plots}, indent=2) + "\n")
    return html, figures


def _build(settings: Settings, models: tuple[str, ...], *, with_fit: bool) -> None:
    build_id = uuid.uuid4().hex[:12]
    os.environ.update(
        DBT_TARGET_PATH=str(settings.out / "target"),
        DBT_LOG_PATH=str(settings.out / "logs"),
        DO_NOT_TRACK="1",
    )
    ingest(settings, build_id)
    kinds = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    selected = (*models, *FIT_INPUTS) if with_fit else models
    _run(["build", "--select", *selected, "--exclude", FIT_BOUNDARY, *kinds], settings, build_id)
    if with_fit:
        fit(settings, build_id)
        after_fit = [f"{model},{start}" for model in models for start in FIT_BOUNDARY.split()]
        _run(
            ["build", "--select", *after_fit, *kinds],
            settings,
            build_id,
        )


def _run(arguments: list[str], settings: Settings, build_id: str) -> None:
    run = run_dbt(arguments, settings=settings, build_id=build_id)
    if run.failed:
        names = ", ".join(result.unique_id.split(".")[2] for result in run.failed)
        raise WarehouseError(f"The backtest stopped: {names} failed. See {settings.out / 'logs'}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crm_warehouse.backtest", description=__doc__)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="day of the prediction")
    parser.add_argument("--horizon", type=int, required=True, help="days after it")
    parser.add_argument("--raw", type=Path, default=DEFAULT_OUT / "sample_raw", help="folder or .duckdb file")
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT / "backtest", help="folder of builds and results"
    )
    parser.add_argument("--vars", type=json.loads, default={}, help="project vars as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
