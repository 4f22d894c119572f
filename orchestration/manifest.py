"""The parsed dbt project, read once per process."""

from functools import cache
from typing import Any

from crm_warehouse.transform import read_manifest
from orchestration.translator import WarehouseTranslator

TRANSLATOR = WarehouseTranslator()


@cache
def manifest() -> dict[str, Any]:
    """The manifest all definitions of this code location are made from."""
    return read_manifest()
