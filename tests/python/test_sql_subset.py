"""Models and singular tests stay in the SQL that DuckDB and Spark share, and the check that says so works."""

import re
from pathlib import Path

import pytest

from crm_warehouse.settings import PROJECT_DIR
from tests.python.sql_subset import REFUSALS, problems, rendered

SQL_FILES = sorted((PROJECT_DIR / "models").rglob("*.sql")) + sorted(
    (PROJECT_DIR / "tests" / "dbt" / "singular").rglob("*.sql")
)

REFUSED = {
    "QUALIFY": "select a from t qualify row_number() over (partition by a order by b) = 1",
    "`::` cast": "select a::bigint from t",
    "* exclude / * except / * replace": "select * exclude (a) from t",
    "FILTER on a window function": "select sum(a) filter (where b > 1) over (partition by c) from t",
    "RANGE frame over dates": "select sum(a) over (order by d range between interval 6 day preceding and current row)",
    "interval arithmetic": "select a + interval '1 day' from t",
    "recursive CTE": "with recursive r as (select 1 as a union all select a + 1 from r where a < 9) select a from r",
    "string_agg": "select string_agg(a, ',') from t",
    "ordered array_agg": "select array_agg(a order by b) from t",
    "arg_max / arg_min": "select arg_max(a, b) from t",
    "quantile_cont": "select quantile_cont(a, 0.5) from t",
    "varchar / text type": "select cast(a as varchar) from t",
    "quoted identifier": 'select "A" from t',
    "// division": "select a // 2 from t",
    "-> / ->> on JSON": "select a ->> '$.b' from t",
    "strftime / strptime": "select strftime(a, '%Y') from t",
    "epoch": "select epoch(a) from t",
    "three-argument datediff": "select datediff('day', a, b) from t",
    "unnest": "select unnest(a) from t",
    "generate_series / range": "select a from generate_series(1, 9) as s (a)",
    "lgamma": "select lgamma(a) from t",
    "sha256": "select sha256(a) from t",
    "sum(boolean)": "select sum(a > 1) from t",
    "union by name": "select a from t union all by name select a from u",
}
MORE_REFUSED = {
    "select * except (a) from t": "* exclude / * except / * replace",
    "select a from (select b, c from t qualify b = 1) as s": "QUALIFY",
    "select try_cast(a as text) from t": "varchar / text type",
    "select sum(is_open) from t": "sum(boolean)",
    "select sum((a is null)) from t": "sum(boolean)",
    "select sum(a = 1 and b) over (partition by c) from t": "sum(boolean)",
    "select epoch_ms(a) from t": "epoch",
    "select date_diff('day', a, b) from t": "three-argument datediff",
    "select min_by(a, b), arg_min(c, d) from t": "arg_max / arg_min",
    "select a from range(9) as s (a)": "generate_series / range",
}
ACCEPTED = [
    "select count(*) filter (where a > 1) as b, b + 1 as c from t group by all",
    "select max_by(a, b), median(a), mode(a), percentile_cont(0.5) within group (order by a), count_if(is_open) from t",
    "select a, count(*) from t group by grouping sets ((a), ())",
    "select try_cast(a as double), cast(b as string), cast(c as decimal(18, 4)), split_part(d, '@', 1), md5(d) from t",
    "select a from t where a is distinct from b",
    "select sum(case when is_open then 1 else 0 end) over (partition by a order by b rows unbounded preceding) from t",
    "select 'a \"quoted\" string :: with // and qualify, unnest(x) -> y' as a, 'it\\'s' as b -- and a comment: a::b",
    "select a from t except select a from u",
]


@pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.stem)
def test_a_model_stays_in_the_shared_subset(file: Path) -> None:
    found = problems(rendered(file.read_text()))
    assert not found, "".join(f"\n{file.relative_to(PROJECT_DIR)}: {problem}" for problem in found)


def test_every_refusal_has_an_example() -> None:
    assert REFUSED.keys() == {refusal.construct for refusal in REFUSALS}


@pytest.mark.parametrize(
    ("sql", "construct"), [(sql, c) for c, sql in REFUSED.items()] + [*MORE_REFUSED.items()]
)
def test_a_refused_construct_is_named_with_its_alternative(sql: str, construct: str) -> None:
    refusal = next(refusal for refusal in REFUSALS if refusal.construct == construct)
    assert [p for p in problems(sql) if p.startswith(refusal.construct) and p.endswith(refusal.alternative)]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_both_engines_accept_is_accepted(sql: str) -> None:
    assert problems(sql) == []


def test_what_spark_cannot_parse_is_refused() -> None:
    assert problems("select a from t where")[0].startswith("Spark cannot parse it")


def test_a_function_nobody_looked_up_is_refused() -> None:
    assert problems("select list_sort(a) from t")[0].startswith("list_sort() is not known to both engines")


def test_macros_are_rendered_in_their_spark_form() -> None:
    assert (
        rendered("{{ regexp_replace_all('a', '[^\\\\p{L}]', '') }}") == "regexp_replace(a, '[^\\\\p{L}]', '')"
    )
    assert rendered("cast(a as {{ dbt.type_string() }})") == "cast(a as string)"
    assert rendered("{{ dbt.datediff('a', 'b', 'day') }}") == "datediff(b, a)"


def test_every_engine_macro_has_a_form_for_both_engines() -> None:
    text = "".join(file.read_text() for file in (PROJECT_DIR / "macros").rglob("*.sql"))
    forms = {engine: set(re.findall(rf"macro (?:{engine}__)(\w+)", text)) for engine in ("duckdb", "spark")}
    assert forms["duckdb"] == forms["spark"]
