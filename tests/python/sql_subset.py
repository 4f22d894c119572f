"""The SQL that DuckDB and Spark share: models rendered in their Spark form, and what that form must not contain.

DuckDB's side is proven by every build. Spark's side is this check: `rendered` runs the project's own Jinja with
Spark's variants of the engine macros and of dbt's cross-database macros, `problems` parses the result as Spark and
names what Spark 3.5 lacks or reads differently, with the way to say it instead (docs/decisions/0013).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import jinja2
import sqlglot
import yaml
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crm_warehouse.settings import PROJECT_DIR

_PREFIX = "dbt_macro__"
_SPARK_UNITS = {"day", "week", "month", "quarter", "year", "hour", "minute", "second"}


# --- rendering ------------------------------------------------------------------------------------------------


class _MacroReturn(Exception):
    """How dbt's `return()` leaves a macro with a value that is not text."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _return(value: Any) -> NoReturn:
    raise _MacroReturn(value)


def _raise_compiler_error(message: str) -> NoReturn:
    raise AssertionError(message)


def _unit(datepart: str) -> str:
    if datepart not in _SPARK_UNITS:
        raise AssertionError(f"tests/python/sql_subset.py knows no Spark form of the date part {datepart!r}")
    return datepart


def _spark_dateadd(datepart: str, interval: object, from_date_or_timestamp: str) -> str:
    if _unit(datepart) == "day":
        return f"date_add({from_date_or_timestamp}, {interval})"
    return f"timestampadd({datepart}, {interval}, {from_date_or_timestamp})"


def _spark_datediff(first_date: str, second_date: str, datepart: str) -> str:
    if _unit(datepart) == "day":
        return f"datediff({second_date}, {first_date})"
    return f"timestampdiff({datepart}, {first_date}, {second_date})"


class _CrossDatabaseMacros(SimpleNamespace):
    """`dbt.*`; one without a form here is an error that says where to add it."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(
            f"dbt.{name} has no Spark form in tests/python/sql_subset.py: add it to DBT_MACROS"
        )


DBT_MACROS: dict[str, dict[str, Callable[..., str]]] = {
    "spark": {
        "type_string": lambda: "string",
        "dateadd": _spark_dateadd,
        "datediff": _spark_datediff,
        "date_trunc": lambda datepart, date: f"date_trunc('{datepart}', {date})",
        "string_literal": lambda value: f"'{value}'",
        "escape_single_quotes": lambda value: value.replace("'", "\\'"),
    },
    "duckdb": {
        "type_string": lambda: "varchar",
        "dateadd": lambda datepart, interval, date: f"date_add({date}, interval ({interval}) {datepart})",
        "datediff": lambda first, second, datepart: f"date_diff('{datepart}', {first}, {second})",
        "date_trunc": lambda datepart, date: f"date_trunc('{datepart}', {date})",
        "string_literal": lambda value: f"'{value}'",
        "escape_single_quotes": lambda value: value.replace("'", "''"),
    },
}


class _Vars:
    """`var()` over the project's own vars: what a fresh checkout renders."""

    def __init__(self) -> None:
        self.values = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())["vars"]

    def __call__(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


@cache
def _environment(engine: str) -> jinja2.Environment:
    """Jinja as dbt sets it up, as far as models and macros of this project go."""
    environment = jinja2.Environment(  # noqa: S701 - renders SQL, not HTML
        extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined
    )
    macros: dict[str, Any] = {}

    def dispatch(name: str, package: str | None = None) -> Callable[..., Any]:
        for variant in (f"{engine}__{name}", f"default__{name}"):
            if _PREFIX + variant in macros:
                return partial(_call, macros, variant)
        raise AssertionError(f"macro {name!r} has no {engine}__ variant")

    environment.globals.update(
        {
            "return": _return,
            "adapter": SimpleNamespace(dispatch=dispatch),
            "dbt": _CrossDatabaseMacros(**DBT_MACROS[engine]),
            "exceptions": SimpleNamespace(raise_compiler_error=_raise_compiler_error),
            "ref": lambda *names: names[-1],
            "source": lambda schema, table: f"{schema}.{table}",
            "var": _Vars(),
            "env_var": lambda name, default="": default,
            "config": lambda **_: "",
            "is_incremental": lambda: False,
            "execute": False,
            "graph": {},
            "modules": SimpleNamespace(re=re),
            "project_name": "crm_warehouse",
        }
    )
    # A module sees the globals as they are when it is made: all names first, then the macros behind them.
    files = [_renamed_macros(file) for file in sorted((PROJECT_DIR / "macros").rglob("*.sql"))]
    for name in re.findall(rf"macro {_PREFIX}(\w+)", "".join(files)):
        environment.globals[name] = partial(_call, macros, name)
    for text in files:
        macros.update(vars(environment.from_string(text).module))
    return environment


def _renamed_macros(file: Path) -> str:
    """A file's macros under other names, so that even within a file a call goes through the globals to `_call`."""
    text = re.sub(r"\{%-?\s*materialization\b.*?endmaterialization\s*-?%\}", "", file.read_text(), flags=re.S)
    return re.sub(r"(\{%-?\s*macro\s+)", rf"\1{_PREFIX}", text)


def _call(macros: dict[str, Callable[..., str]], name: str, *args: Any, **kwargs: Any) -> Any:
    try:
        return macros[_PREFIX + name](*args, **kwargs)
    except _MacroReturn as returned:
        return returned.value


def rendered(jinja_sql: str, engine: str = "spark") -> str:
    """SQL as dbt would compile it for an engine, with bare names for refs and sources."""
    return _environment(engine).from_string(jinja_sql).render()


# --- refusing -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """A construct that is not in the shared subset.

    Attributes:
        construct: As a reader would call it.
        alternative: What to write instead.
        pattern: Finds it in SQL without strings and comments; "" where only the syntax tree shows it.
        is_in: Finds it in the syntax tree.
    """

    construct: str
    alternative: str
    pattern: str = ""
    is_in: Callable[[exp.Expr], bool] = lambda _: False


def _has_filtered_window(tree: exp.Expr) -> bool:
    return any(isinstance(window.this, exp.Filter) for window in tree.find_all(exp.Window))


def _has_ordered_array(tree: exp.Expr) -> bool:
    return any(array.find(exp.Order) for array in tree.find_all(exp.ArrayAgg))


def _has_sum_of_boolean(tree: exp.Expr) -> bool:
    return any(_is_boolean(total.this.unnest()) for total in tree.find_all(exp.Sum))


def _is_boolean(expression: exp.Expr) -> bool:
    if isinstance(expression, exp.Column):
        return expression.name.startswith(("is_", "has_"))
    return isinstance(expression, exp.Predicate | exp.Connector | exp.Not | exp.Boolean)


REFUSALS = (
    Refusal("QUALIFY", "row_number() with a tiebreaker in a CTE, and a where clause", r"\bqualify\b"),
    Refusal("`::` cast", "cast(x as type)", r"::"),
    Refusal(
        "* exclude / * except / * replace", "the columns' names", r"\*\s*(exclude\b|(except|replace)\s*\()"
    ),
    Refusal(
        "FILTER on a window function", "sum(case when … then … end) over (…)", is_in=_has_filtered_window
    ),
    Refusal(
        "RANGE frame over dates",
        "a join on dates, or ROWS over a row per day",
        r"\brange\b[^()]*\binterval\b",
    ),
    Refusal("interval arithmetic", "{{ dbt.dateadd(…) }} or an engine macro", r"\binterval\s*('|\d|\()"),
    Refusal(
        "recursive CTE", "the connected_components materialization, or one like it", r"\bwith\s+recursive\b"
    ),
    Refusal("string_agg", "an engine macro around it", r"\b(string_agg|group_concat|listagg)\s*\("),
    Refusal("ordered array_agg", "row_number() and max_by, or an engine macro", is_in=_has_ordered_array),
    Refusal("arg_max / arg_min", "max_by / min_by", r"\barg_(max|min)(_null)?\s*\("),
    Refusal(
        "quantile_cont",
        "percentile_cont(x) within group (order by …), or median",
        r"\b(approx_)?quantile(_cont|_disc)?\s*\(",
    ),
    Refusal("varchar / text type", "{{ dbt.type_string() }}", r"\bas\s+(varchar|text|bpchar)\s*\)"),
    Refusal("quoted identifier", "a snake_case name: Spark reads double quotes as text", r'"'),
    Refusal("// division", "floor(a / b)", r"//"),
    Refusal("-> / ->> on JSON", "a column declared with `json:` in the source's YAML", r"->>|->\s*'"),
    Refusal("strftime / strptime", "an engine macro around it", r"\bstr[fp]time\s*\("),
    Refusal("epoch", "seconds_between and its sisters in macros/engine", r"\bepoch(_ms|_us|_ns)?\s*\("),
    Refusal(
        "three-argument datediff",
        "{{ dbt.datediff(…) }} or days_between",
        r"\bdate_diff\s*\(|\bdatediff\s*\(\s*'",
    ),
    Refusal("unnest", "the split_to_rows macro", r"\bunnest\s*\("),
    Refusal(
        "generate_series / range", "int_days, or values and a cross join", r"\b(generate_series|range)\s*\("
    ),
    Refusal("lgamma", "the Python fit, or a series in a macro", r"\blgamma\s*\("),
    Refusal("sha256", "md5 or the sha256_hex macro", r"\bsha256\s*\("),
    Refusal("sum(boolean)", "count(*) filter (where …) or count_if(…)", is_in=_has_sum_of_boolean),
    Refusal("union by name", "union all with the columns in order", r"\bunion\s+(all\s+)?by\s+name\b"),
)

# Functions of both engines with the same meaning, and those that only the Spark form of a macro calls.
KNOWN_FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        """
        abs atan2 avg bit_length cast ceil coalesce concat concat_ws contains conv corr cos count count_if cume_dist day
        dense_rank exp first_value floor greatest hour lag last_day last_value lead least left length
        levenshtein ln log10 log2 lower lpad
        ltrim max max_by md5
        median min min_by mod mode month nth_value ntile nullif percent_rank percentile_cont position power
        quarter rank regexp_replace replace reverse right round row_number rpad rtrim sign sin split_part sqrt stddev
        stddev_pop stddev_samp substr substring sum translate trim try_cast upper var_pop var_samp year

        add_months date_add date_format date_trunc datediff dayofweek explode from_utc_timestamp get_json_object
        monotonically_increasing_id rlike sha2 split timestampadd timestampdiff to_utc_timestamp unix_micros
        unix_timestamp weekday xxhash64
        """,
    )
)
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        all and any as between by case cross cube distinct else except exists filter from group grouping having in
        intersect into join not on or over partition range rollup rows select sets then union using values when
        where with within
        """,
    )
)

_STRING_OR_COMMENT = re.compile(r"'(?:[^'\\]|\\.)*'|--[^\n]*|/\*.*?\*/", re.S)
_CALL = re.compile(r"(?<!\bas )\b([a-z_][a-z0-9_]*)\s*\(")


def _code(sql: str) -> str:
    """The SQL in lower case, with empty strings and without comments."""
    return _STRING_OR_COMMENT.sub(lambda found: "''" if found[0][0] == "'" else " ", sql).lower()


def problems(sql: str) -> list[str]:
    """What in a rendered query is outside the subset, and what to write instead."""
    code = _code(sql)
    refused = [r for r in REFUSALS if r.pattern and re.search(r.pattern, code)]
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="spark") if tree is not None]
    except SqlglotError as error:
        return [_sentence(r) for r in refused] or [f"Spark cannot parse it: {str(error).splitlines()[0]}"]
    refused += [r for r in REFUSALS if any(r.is_in(tree) for tree in trees)]
    return [_sentence(r) for r in refused] or _unknown_functions(code)


def _sentence(refusal: Refusal) -> str:
    return f"{refusal.construct} is not in the SQL that DuckDB and Spark share; write {refusal.alternative}"


def _unknown_functions(code: str) -> list[str]:
    return [
        f"{name}() is not known to both engines: look it up in Spark's SQL functions, then add it to KNOWN_FUNCTIONS"
        " in tests/python/sql_subset.py, or write an engine macro"
        for name in sorted(set(_CALL.findall(code)) - KNOWN_FUNCTIONS - _KEYWORDS)
    ]
