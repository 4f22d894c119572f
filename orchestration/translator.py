"""How dbt resources appear in Dagster: one small method per attribute."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

FIT_TABLES = ("clv_fits", "clv_choices", "clv_backtests")
"""Sources of `pipeline` that the CLV fit writes, in the gap between the two halves of a build."""


class WarehouseTranslator(DagsterDbtTranslator):
    """Keys and groups follow the layers, so the asset graph reads like the folder tree."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`conformed/<platform>/<table>` for what ingest writes, `<layer>/<model>` for models and seeds."""
        if dbt_resource_props["resource_type"] == "source":
            return source_key(dbt_resource_props["source_name"], dbt_resource_props["name"])
        return dg.AssetKey([_layer(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """`<layer>_<folder>`: staging_shopify, intermediate_identity, marts_clv."""
        if dbt_resource_props["resource_type"] == "source":
            return "conformed"
        # The name of a model with versions is followed by its version.
        folders = dbt_resource_props["fqn"][1 : -2 if dbt_resource_props.get("version") else -1]
        return "_".join(folders) or _layer(dbt_resource_props)


def source_key(source_name: str, table: str) -> dg.AssetKey:
    """The asset of a dbt source table: pipeline state keeps its own name, platforms are conformed tables."""
    prefix = [source_name] if source_name in {"pipeline", "published_state"} else ["conformed", source_name]
    return dg.AssetKey([*prefix, table])


def _layer(dbt_resource_props: Mapping[str, Any]) -> str:
    return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]
