"""`python -m crm_warehouse.sample`: write a sample shop."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.sample import write_sample


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
    parser.add_argument("--orders-per-customer", type=float, default=4.0)
    parser.add_argument("--emails-per-customer", type=float, default=12.0)
    parser.add_argument("--sessions-per-order", type=float, default=1.0)
    parser.add_argument("--tickets-per-customer", type=float, default=0.35)
    parser.add_argument("--lean", action="store_true", help="leave out optional tables and columns")
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
            orders_per_customer=options.orders_per_customer,
            emails_per_customer=options.emails_per_customer,
            sessions_per_order=options.sessions_per_order,
            tickets_per_customer=options.tickets_per_customer,
            lean=options.lean,
            progress=say,
        )
    except WarehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    say(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
