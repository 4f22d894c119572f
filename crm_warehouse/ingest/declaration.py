"""What a platform's raw tables look like, read from the dbt source YAML beside its staging models.

Belongs here: parsing and validating `models/staging/<platform>/_*sources*.yml`. Does not: looking at raw data.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import PROJECT_DIR

MODELS_DIR = PROJECT_DIR / "models"
CONFORMED_PREFIX = "conformed_"
LOAD_TIME = "_fivetran_synced"

# The C parser, where there is one, takes a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SIMPLE_TYPES = {"bigint", "string", "boolean", "double", "timestamp", "date"}
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_TABLE_META = {
    "required", "primary_key", "aliases", "merge_aliases", "happened_at", "parent", "require_one_of",
    "soft_delete", "arrival",
}  # fmt: skip
_COLUMN_META = {"required", "aliases", "nullable_text", "known_at", "overwritten", "personal", "min", "max"}
_FOREIGN_META = {"dagster", "owner"}  # read by other tools


@dataclass(frozen=True)
class Candidate:
    """One physical column that can feed a declared one, directly or through a path into its JSON."""

    column: str
    json_path: str | None = None


@dataclass(frozen=True)
class Column:
    """A declared column: its type, where it may come from and what must hold for it."""

    name: str
    data_type: str
    candidates: tuple[Candidate, ...]
    required: bool = False
    nullable_text: bool = False
    known_at: str | None = None
    overwritten: bool = False
    personal: bool = False
    minimum: float | None = None
    maximum: float | None = None

    @property
    def may_be_shown(self) -> bool:
        """Whether an error message may quote a value: free text can always be personal."""
        return not self.personal and self.data_type != "string"

    @property
    def is_id(self) -> bool:
        """Whether it holds a platform's id of something that is no person's."""
        return not self.personal and self.name.endswith("id")


@dataclass(frozen=True)
class Parent:
    """The table that a child row belongs to; `optional` allows a null reference."""

    table: str
    column: str
    optional: bool = False


@dataclass(frozen=True)
class Arrival:
    """What the arrival gate should know about a table.

    Attributes:
        entity: What its rows are, in the project's words; rules are reported by it.
        kind: Column that splits rows into streams that may stop one by one.
        words: Columns that hold one of a few words, whose meaning models know.
        bursts: Rows come in bursts, as newsletters do: a day without one is normal.
    """

    entity: str
    kind: str | None = None
    words: tuple[str, ...] = ()
    bursts: bool = False


@dataclass(frozen=True)
class Table:
    """A declared table: one conformed relation."""

    platform: str
    name: str
    columns: tuple[Column, ...]
    required: bool = False
    primary_key: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    merge_aliases: bool = False
    happened_at: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    require_one_of: tuple[tuple[str, ...], ...] = ()
    soft_delete: str | None = None
    arrival: Arrival = Arrival("")

    def column(self, name: str) -> Column:
        """The declared column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def has_load_time(self) -> bool:
        """Whether the table declares when the loader wrote each row."""
        return any(column.name == LOAD_TIME for column in self.columns)

    @property
    def shows_keys(self) -> bool:
        """Whether error messages may name rows by key instead of by row number only."""
        columns = [self.column(name) for name in self.primary_key]
        # Free text in a key may be anything; an id is at least meant to be none.
        return bool(columns) and all(c.may_be_shown or c.is_id for c in columns)


@dataclass(frozen=True)
class Platform:
    """Everything declared for one platform."""

    name: str
    tables: Mapping[str, Table]


def load_platforms(models_dir: Path = MODELS_DIR) -> dict[str, Platform]:
    """Read every platform's declaration.

    Args:
        models_dir: The dbt models folder; platforms are the sources under `staging/` whose schema is
            `conformed_<name>`.

    Raises:
        WarehouseError: A declaration is invalid; the message lists every mistake found.
    """
    mistakes: list[str] = []
    tables: dict[str, dict[str, Table]] = {}
    for path, source in _sources(models_dir):
        name = source["name"]
        if source.get("schema") != f"{CONFORMED_PREFIX}{name}":
            continue
        platform = tables.setdefault(name, {})
        for entry in source.get("tables", []):
            table = _table(name, entry, mistakes)
            if table.name in platform:
                mistakes.append(f"{name}.{table.name}: declared twice, the second time in {path.name}")
            platform[table.name] = table
    _check_references(tables, mistakes)
    if mistakes:
        raise WarehouseError("Invalid source declarations:\n" + "\n".join(f"  - {m}" for m in mistakes))
    return {name: Platform(name, entries) for name, entries in tables.items()}


def load_published_state(models_dir: Path = MODELS_DIR) -> dict[str, list[Column]]:
    """The state tables that a build copies from the live published version, with their columns."""
    mistakes: list[str] = []
    return {
        entry["name"]: [_column(entry["name"], column, mistakes) for column in entry.get("columns", [])]
        for _, source in _sources(models_dir)
        if source["name"] == "published_state"
        for entry in source.get("tables", [])
    }


def unreversible_columns(models_dir: Path = MODELS_DIR) -> list[tuple[str, str, str]]:
    """Columns that raw data overwrites in place: (platform, table, column).

    A build for a past day shows their current value, because nobody can turn it back.
    """
    return [
        (platform.name, table.name, column.name)
        for platform in load_platforms(models_dir).values()
        for table in platform.tables.values()
        for column in table.columns
        if column.overwritten
    ]


def _sources(models_dir: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(models_dir.glob("staging/*/_*sources*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}  # noqa: S506 - a safe loader
        for source in content.get("sources", []):
            yield path, source


def _meta(entry: Mapping[str, Any], allowed: set[str], where: str, mistakes: list[str]) -> dict[str, Any]:
    meta: dict[str, Any] = {**entry.get("meta", {}), **(entry.get("config") or {}).get("meta", {})}
    unknown = sorted(set(meta) - allowed - _FOREIGN_META)
    if unknown:
        mistakes.append(f"{where}: unknown meta {', '.join(unknown)} (known: {', '.join(sorted(allowed))})")
    return meta


def _table(platform: str, entry: Mapping[str, Any], mistakes: list[str]) -> Table:
    name = str(entry["name"])
    where = f"{platform}.{name}"
    meta = _meta(entry, _TABLE_META, where, mistakes)
    parents = meta.get("parent") or []
    return Table(
        platform=platform,
        name=name,
        columns=tuple(_column(where, column, mistakes) for column in entry.get("columns", [])),
        required=bool(meta.get("required")),
        primary_key=tuple(meta.get("primary_key", ())),
        aliases=tuple(meta.get("aliases", ())),
        merge_aliases=bool(meta.get("merge_aliases")),
        happened_at=tuple(meta.get("happened_at", ())),
        parents=tuple(Parent(**parent) for parent in (parents if isinstance(parents, list) else [parents])),
        require_one_of=tuple(tuple(group) for group in meta.get("require_one_of", ())),
        soft_delete=meta.get("soft_delete"),
        arrival=_arrival(name, meta.get("arrival") or {}),
    )


def _arrival(table: str, meta: Mapping[str, Any]) -> Arrival:
    return Arrival(
        entity=str(meta.get("entity", table)),
        kind=meta.get("kind"),
        words=tuple(meta.get("words", ())),
        bursts=bool(meta.get("bursts")),
    )


def _column(where: str, entry: Mapping[str, Any], mistakes: list[str]) -> Column:
    name = str(entry["name"])
    here = f"{where}.{name}"
    meta = _meta(entry, _COLUMN_META, here, mistakes)
    data_type = str(entry.get("data_type", "")).lower()
    if data_type not in _SIMPLE_TYPES and not _DECIMAL.fullmatch(data_type):
        mistakes.append(
            f"{here}: data_type {data_type!r} is not one of {sorted(_SIMPLE_TYPES)} or decimal(p, s)"
        )
    aliases = (
        Candidate(alias["column"], alias["json"]) if isinstance(alias, dict) else Candidate(str(alias))
        for alias in meta.get("aliases", ())
    )
    return Column(
        name=name,
        data_type=data_type,
        candidates=(Candidate(name), *aliases),
        required=bool(meta.get("required")),
        nullable_text=bool(meta.get("nullable_text")),
        known_at=meta.get("known_at"),
        overwritten=bool(meta.get("overwritten")),
        personal=bool(meta.get("personal")),
        minimum=meta.get("min"),
        maximum=meta.get("max"),
    )


def _check_references(tables: Mapping[str, Mapping[str, Table]], mistakes: list[str]) -> None:
    for platform, entries in tables.items():
        for table in entries.values():
            known = {column.name for column in table.columns}
            for name in _named_columns(table):
                if name not in known:
                    mistakes.append(f"{platform}.{table.name}: its meta names an undeclared column {name!r}")
            for parent in table.parents:
                target = entries.get(parent.table)
                if target is None or len(target.primary_key) != 1:
                    mistakes.append(
                        f"{platform}.{table.name}: parent {parent.table!r} is not a declared table with a "
                        "primary key of one column"
                    )


def _named_columns(table: Table) -> Iterator[str]:
    yield from table.primary_key
    yield from table.happened_at
    yield from (parent.column for parent in table.parents)
    yield from (name for group in table.require_one_of for name in group)
    yield from (column.known_at for column in table.columns if column.known_at)
    yield from table.arrival.words
    yield from (name for name in [table.arrival.kind] if name)
