"""`python -m crm_warehouse.journeys`: who is due for what now, without a build.

Belongs here: the command line. Does not: what the run does.
"""

import argparse
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.journeys.publication import journeys_file
from crm_warehouse.journeys.refresh import refresh_triggers
from crm_warehouse.settings import DEFAULT_OUT, Settings


def main(arguments: list[str] | None = None) -> int:
    """Publish the triggers once; exit code 1 means that readers keep what they had, and why has been printed."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    settings = Settings(
        raw=(options.raw or DEFAULT_OUT / "sample_raw").resolve(),
        out=(options.out or DEFAULT_OUT).resolve(),
        var_overrides=options.vars,
    )
    try:
        done = refresh_triggers(settings, at=options.at)
    except WarehouseError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{done.trigger_count} triggers are due at {done.as_of_at:%Y-%m-%d %H:%M:%S} UTC, by the customers of version "
        f"{done.base_version}; {done.seconds} s. They are in {journeys_file(settings)}."
    )
    return 0


def utc_moment(text: str) -> datetime:
    """A moment in UTC without a zone, as timestamps are here."""
    given = datetime.fromisoformat(text)
    return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crm_warehouse.journeys", description=__doc__)
    parser.add_argument("--raw", type=Path, help="folder or .duckdb file; default: the sample shop")
    parser.add_argument("--out", type=Path, help="output folder of the warehouse; default: data/")
    parser.add_argument(
        "--at", type=utc_moment, help="as of this moment; UTC unless it says its zone; default: now"
    )
    parser.add_argument("--vars", type=json.loads, default={}, help="project vars as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
