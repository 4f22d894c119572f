"""How a physical column becomes a declared type.

Belongs here: one rule per (physical, declared) pair of types, with the condition under which it fails. Does not:
running anything; `checks` counts failures once, so that the views can cast without looking.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from crm_warehouse.ingest.sql import literal

# Whole numbers above this are no longer exact in a double: an id may already be another row's.
MAX_EXACT_DOUBLE = 2**53
NULL_WORDS = ("", "null", "none", "nan", "n/a")
LONGEST_NULL_WORD = 8

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_WIDE_INTEGERS = {"UBIGINT", "HUGEINT", "UHUGEINT"}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)", re.IGNORECASE)
# A time of day with anything behind it, and what may be there: Z, UTC, GMT, an offset or the full name of a zone.
# Abbreviations mean different zones to different people, and DuckDB skips PM as if it were one.
_HAS_ZONE = r":\d\d[\d:.]*[^\d:.]"
_KNOWN_ZONE = r"(?i)^.*:\d\d[\d.]*\s?(Z|UTC|GMT|[+-][\d:]+|[A-Z_]+/[\w/+-]+)$"


@dataclass(frozen=True)
class Cast:
    """SQL that turns one physical column into a declared type.

    Attributes:
        strict: Fails on a value that cannot be converted; what views use once the check has passed.
        attempt: The same, with NULL instead of the failure.
        bad: Condition that holds for a value that cannot be converted; None where every value can.
        raw: The physical value, for error messages.
        simple: A cheaper form of `strict` that is right if no row meets `probe`.
        probe: See `simple`.
        never_null: The file's own statistics say that every row has a value.
        json_column: The column that JSON is parsed from; such a cast is checked on distinct values where they are few.
    """

    strict: str
    attempt: str
    bad: str | None
    raw: str
    simple: str | None = None
    probe: str | None = None
    never_null: bool = False
    json_column: str | None = None


def cast(raw: str, physical: str, target: str) -> Cast:
    """The conversion of `raw`, a column of the DuckDB type `physical`, to the portable type `target`."""
    kind = _kind(physical)
    if kind == "null":
        empty = f"cast(null as {'varchar' if target == 'string' else target})"
        return Cast(empty, empty, None, raw)
    rule = _RULES.get("decimal" if target.startswith("decimal") else target, _to_string)
    return rule(raw, kind, physical, target)


def cast_json(raw: str, physical: str, path: str, target: str) -> Cast:
    """The conversion of the value at `path` inside a JSON column, text or nested."""
    if _kind(physical) != "text":
        inner = f"json_extract_string(to_json({raw}), {literal(path)})"
        return cast(inner, "VARCHAR", target)
    read = f"json_extract_string({raw}, {literal(path)})"
    guarded = f"case when json_valid({raw}) then {read} end"
    converted = cast(read, "VARCHAR", target)
    checked = cast(guarded, "VARCHAR", target)
    bad = f"{raw} is not null and not json_valid({raw})"
    if checked.bad:
        bad = f"({bad}) or ({checked.bad})"
    if target == "string":
        return Cast(converted.strict, checked.attempt, bad, guarded, json_column=raw)
    # Twenty times faster than parsing, and right for the JSON that connectors write; the check compares the two.
    quick = f"regexp_extract({raw}, {literal(_path_pattern(path))}, 1)"
    return Cast(
        converted.strict,
        checked.attempt,
        bad,
        guarded,
        simple=cast(quick, "VARCHAR", target).strict,
        probe=f"nullif({quick}, '') is distinct from nullif({guarded}, '')",
        json_column=raw,
    )


def _path_pattern(path: str) -> str:
    """A pattern for the scalar at a JSON path of plain names: each key, then its object or value."""
    *objects, key = (re.escape(name) for name in path.removeprefix("$.").split("."))
    opened = "".join(rf'"{name}"\s*:\s*\{{[^{{}}]*' for name in objects)
    return rf'{opened}"{key}"\s*:\s*"?([^",{{}}\[\]]*)'


def null_word(value: str) -> str:
    """Condition: the text `value` is a word that stands for nothing."""
    words = literal("|".join(NULL_WORDS))
    # CASE, because only few rows are that short; no IN, because DuckDB would make a join of it and look at all.
    short = f"strlen({value}) <= {LONGEST_NULL_WORD}"
    return f"case when {short} then regexp_full_match(lower(trim({value})), {words}) else false end"


def _kind(physical: str) -> str:  # noqa: C901 - a flat table of types
    name = physical.upper()
    if name.endswith("]") or name.startswith(("STRUCT", "MAP", "LIST", "UNION", "VARIANT")):
        return "nested"
    if name in _INTEGERS:
        return "integer"
    if name in _WIDE_INTEGERS:
        return "wide"
    if name.startswith("DECIMAL"):
        return "decimal"
    if name in {"FLOAT", "DOUBLE"}:
        return "float"
    if name in {"BOOLEAN", "DATE"}:
        return name.lower()
    if name.startswith("TIMESTAMP"):
        return "zoned" if "TIME ZONE" in name else "timestamp"
    if name == "JSON":
        return "json"
    if name in {'"NULL"', "NULL"}:
        return "null"
    return "text" if name == "VARCHAR" else "other"


def _same(raw: str) -> Cast:
    return Cast(raw, raw, None, raw)


def _safe(expression: str, raw: str) -> Cast:
    return Cast(expression, expression, None, raw)


def _checked(template: str, raw: str, *, bad: str | None = None) -> Cast:
    """A conversion that can fail; `template` has `@cast` where strict and attempt differ."""
    attempt = template.replace("@cast", "try_cast")
    default_bad = f"{raw} is not null and ({attempt}) is null"
    return Cast(template.replace("@cast", "cast"), attempt, bad or default_bad, raw)


def _impossible(raw: str, target: str) -> Cast:
    """No rule converts these types: fine for as long as the column is empty."""
    empty = f"cast(null as {target})"
    return Cast(empty, empty, f"{raw} is not null", raw)


def _text(raw: str, kind: str) -> str | None:
    """The column as trimmed text, empty as NULL; None where it is not text."""
    if kind == "json":
        raw = f"({raw} ->> '$')"
    elif kind not in {"text", "json"}:
        return None
    return f"nullif(trim({raw}), '')"


def _filled(raw: str, text: str, template: str, condition: str | None = None) -> Cast:
    """A conversion from text, where an empty field is NULL and not a failure."""
    attempt = template.replace("@cast", "try_cast")
    bad = condition or f"{text} is not null and ({attempt}) is null"
    return Cast(template.replace("@cast", "cast"), attempt, bad, raw)


def _to_string(raw: str, kind: str, physical: str, target: str) -> Cast:
    if kind == "text":
        return _same(raw)
    if kind == "json":
        return _safe(f"({raw} ->> '$')", raw)
    if kind == "nested":
        return _safe(f"cast(to_json({raw}) as varchar)", raw)
    if kind in {"float", "decimal"}:
        # Loaders that know numbers only as floats write the id 123 as 123.0.
        whole = f"cast(try_cast({raw} as hugeint) as varchar)"
        return _safe(f"case when {raw} = trunc({raw}) then {whole} else cast({raw} as varchar) end", raw)
    return _safe(f"cast({raw} as varchar)", raw)


def _to_bigint(raw: str, kind: str, physical: str, target: str) -> Cast:
    if text := _text(raw, kind):
        number = f"try_cast({text} as decimal(38, 6))"
        is_whole = f"{number} = trunc({number}) and try_cast({number} as bigint) is not null"
        bad = f"{text} is not null and not coalesce({is_whole}, false)"
        return _filled(raw, text, f"@cast(@cast({text} as decimal(38, 6)) as bigint)", bad)
    if kind == "integer":
        return _same(raw) if physical.upper() == "BIGINT" else _safe(f"cast({raw} as bigint)", raw)
    if kind == "float":
        return _checked(
            f"@cast({raw} as bigint)",
            raw,
            bad=f"not (abs({raw}) <= {MAX_EXACT_DOUBLE} and {raw} = trunc({raw}))",
        )
    if kind == "decimal":
        precision, scale = _digits(physical)
        fraction = f"{raw} <> trunc({raw})" if scale else "false"
        overflow = (
            f"{raw} is not null and try_cast({raw} as bigint) is null" if precision - scale > 18 else "false"
        )
        return _checked(f"@cast({raw} as bigint)", raw, bad=f"({fraction} or {overflow})")
    if kind in {"wide", "boolean"}:
        return _checked(f"@cast({raw} as bigint)", raw)
    return _impossible(raw, target)


def _to_boolean(raw: str, kind: str, physical: str, target: str) -> Cast:
    if kind == "boolean":
        return _same(raw)
    if text := _text(raw, kind):
        return _filled(raw, text, f"@cast({text} as boolean)")
    if kind in {"integer", "wide", "decimal", "float"}:
        return _checked(f"@cast({raw} as boolean)", raw, bad=f"{raw} not in (0, 1)")
    return _impossible(raw, target)


def _to_double(raw: str, kind: str, physical: str, target: str) -> Cast:
    if physical.upper() == "DOUBLE":
        return _same(raw)
    if text := _text(raw, kind):
        return _filled(raw, text, f"@cast({text} as double)")
    if kind in {"integer", "wide", "decimal", "float"}:
        return _safe(f"cast({raw} as double)", raw)
    return _impossible(raw, target)


def _to_decimal(raw: str, kind: str, physical: str, target: str) -> Cast:
    precision, scale = _digits(target)
    if text := _text(raw, kind):
        return _filled(raw, text, f"@cast({text} as {target})")
    if kind == "float":
        # NaN and infinity fail this too: NaN sorts above every number.
        return _checked(f"@cast({raw} as {target})", raw, bad=f"not (abs({raw}) < 1e{precision - scale})")
    if kind == "decimal":
        digits, fraction = _digits(physical)
        if (digits, fraction) == (precision, scale):
            return _same(raw)
        if digits - fraction < precision - scale:
            return _safe(f"cast({raw} as {target})", raw)
    if kind in {"decimal", "integer", "wide"}:
        return _checked(f"@cast({raw} as {target})", raw)
    return _impossible(raw, target)


def _to_timestamp(raw: str, kind: str, physical: str, target: str) -> Cast:
    if kind == "timestamp":
        return _same(raw) if physical.upper() == "TIMESTAMP" else _safe(f"cast({raw} as timestamp)", raw)
    if kind == "zoned":
        # Arithmetic instead of a cast: independent of the reader's session time zone.
        finite = f"make_timestamp(epoch_us({raw}))"
        # Infinity has no number; only the checks may meet it, because they take such rows out.
        return Cast(finite, f"coalesce({finite}, cast({raw} as timestamp))", None, raw)
    if kind == "date":
        return _safe(f"cast({raw} as timestamp)", raw)
    if text := _text(raw, kind):
        # Cast to a plain timestamp, DuckDB drops an offset; so only text without one may take that way.
        probe = f"regexp_matches({text}, {literal(_HAS_ZONE)})"
        # Empty, which no cast reads, where the zone is none.
        zoned = f"regexp_extract({text}, {literal(_KNOWN_ZONE)})"
        template = (
            f"case when {probe} then timezone('UTC', @cast({zoned} as timestamptz)) "
            f"else @cast({text} as timestamp) end"
        )
        general = _filled(raw, text, template)
        return Cast(
            general.strict,
            general.attempt,
            general.bad,
            raw,
            f"cast({text} as timestamp)",
            f"{text} is not null and {probe}",
        )
    return _impossible(raw, target)


def _to_date(raw: str, kind: str, physical: str, target: str) -> Cast:
    if kind == "date":
        return _same(raw)
    if kind in {"text", "json", "timestamp", "zoned"}:
        moment = _to_timestamp(raw, kind, physical, target)
        return Cast(f"cast({moment.strict} as date)", f"cast({moment.attempt} as date)", moment.bad, raw)
    return _impossible(raw, target)


def _digits(decimal: str) -> tuple[int, int]:
    match = _DECIMAL.fullmatch(decimal.strip())
    if not match:
        raise ValueError(f"not a decimal type: {decimal}")
    return int(match.group(1)), int(match.group(2))


_RULES: dict[str, Callable[[str, str, str, str], Cast]] = {
    "string": _to_string,
    "bigint": _to_bigint,
    "boolean": _to_boolean,
    "double": _to_double,
    "decimal": _to_decimal,
    "timestamp": _to_timestamp,
    "date": _to_date,
}
