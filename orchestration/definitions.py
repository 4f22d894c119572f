"""The code location: everything in defs/, plus what all of it shares."""

from pathlib import Path

import dagster as dg

from orchestration.resources import WarehouseResource


@dg.definitions
def defs() -> dg.Definitions:
    """Load defs/; one process per run, because the warehouse has one writer and one lock."""
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        dg.Definitions(resources={"warehouse": WarehouseResource()}, executor=dg.in_process_executor),
    )
