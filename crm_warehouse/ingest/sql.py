"""Small pieces of SQL text that every module here needs."""

from collections.abc import Sequence
from datetime import datetime


def identifier(name: str) -> str:
    """`name` quoted as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` quoted as a string."""
    return "'" + value.replace("'", "''") + "'"


def moment(value: datetime) -> str:
    """A UTC timestamp literal."""
    return f"timestamp '{value:%Y-%m-%d %H:%M:%S.%f}'"


def duckdb_type(data_type: str) -> str:
    """The DuckDB spelling of a portable type."""
    return "varchar" if data_type == "string" else data_type


def key_text(names: Sequence[str]) -> str:
    """The key columns as one text."""
    return f"concat_ws('/', {', '.join(f'cast({identifier(name)} as varchar)' for name in names)})"
