"""`python -m crm_warehouse.sample`: write a sample shop."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.sample import BENCHMARK_MIX, write_sample


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and write the sample; 0 when it worked."""
    parser = argparse.ArgumentParser(prog="python -m crm_warehouse.sample", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument(
        "--until", type=date.fromisoformat, help="raw tables as they stood at the end of this day (UTC)"
    )
    parser.add_argument("--shape", choices=("rest", "graphql"), default="rest", help="Shopify connector")
    parser.add_argument("--no-seasonality", action="store_true", help="every day is equally busy")
    parser.add_argument(
        "--benchmark",
        action="store_true",
        help="10 orders per person and lean tables, as the published benchmark",
    )
    options = parser.parse_args(arguments)
    started = time.monotonic()

    def say(message: str) -> None:
        print(f"[{time.monotonic() - started:6.1f}s] {message}", flush=True)

    try:
        write_sample(
            options.out,
            customers=options.customers,
            seed=options.seed,
            until=options.until,
            shopify_shape=options.shape,
            seasonality=not options.no_seasonality,
            **(BENCHMARK_MIX if options.benchmark else {}),
            progress=say,
        )
    except WarehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    say(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
