"""Definitions of views, carried from the private warehouse into a published file.

Belongs here: rewriting what a view reads. Does not: which marts are views, or making the file (stage.py).
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from crm_warehouse.errors import WarehouseError


def published_definition(
    con: duckdb.DuckDBPyConnection, schema: str, name: str, tables: set[tuple[str, str]]
) -> str:
    """The query of a view in the current database, reading schema `main` instead of the warehouse's schemas.

    Works on DuckDB's own parse tree of the definition that the build stored, so no text is searched and replaced.

    Args:
        con: A connection whose current database is the warehouse.
        schema: The view's schema.
        name: The view.
        tables: Schema and name of the tables that readers get.

    Raises:
        WarehouseError: it is no view, or it reads something that readers do not get as a table.
    """
    stored = con.execute(
        "select sql from duckdb_views() where database_name = current_database() and schema_name = ? and view_name = ?",
        [schema, name],
    ).fetchall()
    if not stored:
        raise WarehouseError(
            f"{name} has `publish_as: view` but is no view in the warehouse. Give it materialized='view'."
        )
    query = stored[0][0].partition(" AS ")[2].rstrip().removesuffix(";")
    (serialized,) = con.execute("select json_serialize_sql(?)", [query]).fetchall()[0]
    statement = json.loads(serialized)
    for relation in _relations(statement):
        path = relation["qualified_name"]["path"]
        if len(path) == 1:  # a common table expression
            continue
        if tuple(path[-2:]) not in tables:
            raise WarehouseError(
                f"{name} is published as a view but reads {'.'.join(path[-2:])}, which readers do not get as a "
                "table. Publish that one, or let this be a table."
            )
        # Not without a schema: a common table expression may have the table's name.
        relation["qualified_name"]["path"] = ["main", path[-1]]
        relation |= {"catalog_name": "", "schema_name": "main"}
    (definition,) = con.execute("select json_deserialize_sql(?)", [json.dumps(statement)]).fetchall()[0]
    return str(definition)


def _relations(node: Any) -> Iterator[dict[str, Any]]:
    """Every place of a serialized statement that names a table, a view or a common table expression."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _relations(child)
