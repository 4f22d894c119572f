"""`make dev`: the Dagster UI over the same instance that `make build` writes to."""

import os
import sys
from pathlib import Path

from crm_warehouse.settings import Settings
from orchestration.__main__ import prepare_environment


def main() -> None:
    """Replace this process by the UI server."""
    prepare_environment(Settings.from_env())
    dagster = str(Path(sys.executable).with_name("dagster"))
    os.execv(dagster, [dagster, "dev", "-m", "orchestration.definitions", *sys.argv[1:]])  # noqa: S606 - our own argv


if __name__ == "__main__":
    main()
