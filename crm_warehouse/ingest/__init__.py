"""Raw input to typed, complete relations in the private warehouse.

`ingest` finds what landed, checks it eagerly and writes the views and the run's context that dbt reads.
"""

from crm_warehouse.ingest.declaration import unreversible_columns
from crm_warehouse.ingest.report import IngestReport, TableReport
from crm_warehouse.ingest.run import ingest, ingest_empty, recheck_inputs

__all__ = ["IngestReport", "TableReport", "ingest", "ingest_empty", "recheck_inputs", "unreversible_columns"]
