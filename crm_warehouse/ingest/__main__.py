"""`python -m crm_warehouse.ingest [--empty]`: the ingest alone, for whoever works on it or on staging."""

import logging
import os
import sys
import uuid

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import ingest, ingest_empty
from crm_warehouse.settings import Settings


def main() -> int:
    """Run the ingest of the warehouse that the environment names."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run = ingest_empty if "--empty" in sys.argv[1:] else ingest
    try:
        report = run(Settings.from_env(), os.environ.get("CRM_BUILD_ID") or uuid.uuid4().hex[:12])
    except WarehouseError as error:
        print(error, file=sys.stderr)
        return 1
    print(report.summary())
    return 0


if __name__ == "__main__":
    sys.exit(main())
