"""What a platform's raw tables look like, read from the dbt source YAML beside its staging models.

Belongs here: parsing and validating `models/staging/<platform>/_*sources*.yml`. Does not: looking at raw data.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
_COLUMN_META = {
    "required", "aliases", "nullable_text", "known_at", "overwritten", "personal", "min", "max", "personal_except",
    "record", "person", "identifier",
}  # fmt: skip
_IDENTIFIERS = {"email", "phone"}
_FOREIGN_META = {"dagster", "owner"}  # read by other tools


@dataclass(frozen=True)
class Candidate:
    """One physical column that can feed a declared one, directly or through a path into its JSON."""

    column: str
    json_path: str | None = None


@dataclass(frozen=True)
class Column:
    """A declared column: its type, where it may come from and what must hold for it.

    Attributes that say whom it is about, which an erasure follows:
        personal: Its values may tell who somebody is.
        personal_except: Another column and the values of it for which this one is not personal.
        record: It is the key of one of identity's source records, of this type.
        person: It points to the row of this table, and its row is about the same person.
        is_person_key: That row is the person's own record, so that the value alone says who it is.
        identifier: It holds an e-mail address or a phone number (`email`, `phone`) that identifies.
    """

    name: str
    data_type: str
    candidates: tuple[Candidate, ...]
    required: bool = False
    nullable_text: bool = False
    known_at: str | None = None
    overwritten: bool = False
    personal: bool = False
    personal_except: tuple[str, tuple[str, ...]] | None = None
    record: str | None = None
    person: str | None = None
    is_person_key: bool = False
    identifier: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def may_be_shown(self) -> bool:
        """Whether an error message may quote a value: free text can always be personal."""
        return not self.personal and self.data_type != "string"

    @property
    def is_amount(self) -> bool:
        """Whether it is money or a quantity."""
        return self.data_type.startswith("decimal") or self.name == "quantity"

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
        flags: Columns that take a row out by being filled, such as the time of a cancellation.
        bursts: Rows come in bursts, as newsletters do: a day without one is normal.
    """

    entity: str
    kind: str | None = None
    words: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
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
    def record_type(self) -> str | None:
        """The type of identity's source records that the rows are; None where they are none."""
        return next((column.record for column in self.columns if column.record), None)

    @property
    def is_person(self) -> bool:
        """Whether a row is somebody, not something that somebody did."""
        return self.record_type is not None and not any(column.person for column in self.columns)

    @property
    def goes_with_person(self) -> bool:
        """Whether an erasure takes the whole row, because its key is the person; elsewhere the row stays, anonymous."""
        return self.is_person or any(self.column(name).is_person_key for name in self.primary_key)

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
    return {name: Platform(name, _with_person_keys(entries)) for name, entries in tables.items()}


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
        flags=tuple(meta.get("flags", ())),
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
        personal_except=_exception(here, meta.get("personal_except"), mistakes),
        record=meta.get("record"),
        person=meta.get("person"),
        identifier=_identifier(here, meta.get("identifier"), mistakes),
        minimum=meta.get("min"),
        maximum=meta.get("max"),
    )


def _exception(where: str, entry: Any, mistakes: list[str]) -> tuple[str, tuple[str, ...]] | None:
    if entry is None:
        return None
    if not isinstance(entry, dict) or len(entry) != 1:
        mistakes.append(f"{where}: personal_except is one column with a list of values")
        return None
    ((column, values),) = entry.items()
    return str(column), tuple(map(str, values))


def _identifier(where: str, kind: str | None, mistakes: list[str]) -> str | None:
    if kind and kind not in _IDENTIFIERS:
        mistakes.append(f"{where}: identifier {kind!r} is not one of {', '.join(sorted(_IDENTIFIERS))}")
    return kind


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
            _check_people(table, entries, mistakes)


def _with_person_keys(tables: Mapping[str, Table]) -> dict[str, Table]:
    people = {name for name, table in tables.items() if table.is_person}
    return {
        name: replace(
            table,
            columns=tuple(replace(column, is_person_key=column.person in people) for column in table.columns),
        )
        for name, table in tables.items()
    }


def _check_people(table: Table, tables: Mapping[str, Table], mistakes: list[str]) -> None:
    where = f"{table.platform}.{table.name}"
    for column in table.columns:
        target = tables.get(column.person or table.name)
        if column.person and (target is None or len(target.primary_key) != 1):
            mistakes.append(
                f"{where}.{column.name}: person {column.person!r} is not a declared table with a key"
            )
        if column.record and table.primary_key != (column.name,):
            mistakes.append(f"{where}.{column.name}: a record is known by the primary key")


def _named_columns(table: Table) -> Iterator[str]:
    yield from table.primary_key
    yield from table.happened_at
    yield from (parent.column for parent in table.parents)
    yield from (name for group in table.require_one_of for name in group)
    yield from (column.known_at for column in table.columns if column.known_at)
    yield from table.arrival.words
    yield from table.arrival.flags
    yield from (name for name in [table.arrival.kind] if name)
    yield from (column.personal_except[0] for column in table.columns if column.personal_except)
