"""Rules through Great Expectations, counted by DuckDB.

Belongs here: everything that imports Great Expectations. Does not: the rules (rules.py) or the verdict
(audit.py).

Importing Great Expectations costs 7 CPU seconds, so only the gates' own process imports this module.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import great_expectations as gx
from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import Batch, TestConnectionError
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.registry import get_expectation_impl

from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.quality.dialect import read_only_url
from crm_warehouse.quality.overrides import ANY_SUBJECT, Override
from crm_warehouse.quality.results import (
    FAILED,
    NOT_ASSESSED,
    OVERRIDDEN,
    PASSED,
    WARNED,
    RuleResult,
)
from crm_warehouse.quality.rules import FAILING_ROWS, SUBJECT, Rule

ENGINE = f"great_expectations {gx.__version__}"

# Anything richer makes Great Expectations fetch the offending values: slow, and personal data in a log.
_NO_VALUES = "BOOLEAN_ONLY"
# For failures only, to say how many; with 0 examples the query would lose its LIMIT and fetch them all.
_COUNT = {"result_format": "BASIC", "partial_unexpected_count": 1}
FINDINGS_SHOWN = 8
ROWS_KEPT = 1_000


class ExpectNoFailingRows(UnexpectedRowsExpectation):
    """A query must return nothing. Counts in the database, where its parent fetches the rows, without limit."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}


@dataclass(frozen=True)
class Judged:
    """What is judged, and beside what.

    Attributes:
        database: DuckDB file with the judged tables.
        live: The live version's file, attached as `live`; None where rules need none, or nothing is published yet.
        has_live: Whether rules that compare with the live version can be assessed.
        overrides: Exceptions that hold today.
        quarantine: Private DuckDB file that keeps failing rows; None keeps none.
    """

    database: Path
    live: Path | None = None
    has_live: bool = False
    overrides: list[Override] = field(default_factory=list)
    quarantine: Path | None = None


def validate(judged: Judged, rules: Iterable[Rule]) -> Iterator[RuleResult]:
    """Run `rules`, table by table, so that one scan serves many rules."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(
        name="judged",
        connection_string=read_only_url(judged.database),
        # In the class, not in its stub.
        kwargs={"connect_args": {"live": str(judged.live)}} if judged.live else {},  # type: ignore[call-arg]  # its types leave it out
    )
    try:
        for table, group in groupby(sorted(rules, key=lambda rule: rule.table), key=lambda rule: rule.table):
            by_name = {rule.name: rule for rule in group}
            runnable = {
                name: rule for name, rule in by_name.items() if judged.has_live or not rule.needs_live
            }
            yield from (_not_assessed(rule) for name, rule in by_name.items() if name not in runnable)
            if not runnable:
                continue
            try:
                asset = source.add_table_asset(name=table, table_name=table)
            except TestConnectionError:
                yield from (_result(rule, error="The table is missing") for rule in runnable.values())
                continue
            batch = asset.add_batch_definition_whole_table(table).get_batch()
            yield from _validate_table(judged, batch, runnable)
    finally:
        # Two engines: the one that tested the connection, and the one that ran the rules.
        source.get_engine().dispose()
        source.get_execution_engine().close()


def _validate_table(judged: Judged, batch: Batch, rules: dict[str, Rule]) -> Iterator[RuleResult]:
    found = _run(batch, rules.values(), _NO_VALUES)
    failed = [rules[name] for name, outcome in found.items() if not outcome.success]
    excused = {rule.name: _excuse(judged, rule) for rule in failed}
    if failed:
        found |= _run(batch, [excused[rule.name][0] for rule in failed], _COUNT)
    for name, outcome in found.items():
        yield _judge(judged, rules[name], outcome, excused.get(name))


def _run(batch: Batch, rules: Iterable[Rule], result_format: Any) -> dict[str, ExpectationValidationResult]:
    suite = ExpectationSuite(name="candidate", expectations=[_expectation(rule) for rule in rules])
    outcome = batch.validate(suite, result_format=result_format)
    return {_rule_of(result): result for result in outcome.results}


def _rule_of(result: ExpectationValidationResult) -> str:
    meta = result.expectation_config.meta if result.expectation_config else None
    return str((meta or {})["rule"])


def _expectation(rule: Rule) -> Any:
    described: dict[str, Any] = {"description": rule.why, "meta": {"rule": rule.name}}
    if rule.expectation == FAILING_ROWS:
        return ExpectNoFailingRows(unexpected_rows_query=rule.arguments["query"], **described)
    return get_expectation_impl(rule.expectation)(**rule.arguments, **described)


def _excuse(judged: Judged, rule: Rule) -> tuple[Rule, list[Override]]:
    """The rule without what people allowed, and their overrides."""
    own = [override for override in judged.overrides if override.rule == rule.name]
    subjects = [override.subject for override in own if override.subject != ANY_SUBJECT]
    if not subjects or not rule.has_findings:
        return rule, own
    listed = ", ".join(map(literal, subjects))
    query = f"select * from ({rule.arguments['query']}) as findings where {SUBJECT} not in ({listed})"
    return replace(rule, arguments={"query": query}), own


def _judge(
    judged: Judged,
    rule: Rule,
    outcome: ExpectationValidationResult,
    excused: tuple[Rule, list[Override]] | None,
) -> RuleResult:
    if excused is None:
        return _result(rule, passed=True)
    narrowed, overrides = excused
    note = "; ".join(map(str, overrides)) or None
    if outcome.success or any(override.subject == ANY_SUBJECT for override in overrides):
        return replace(_result(rule, passed=True), status=OVERRIDDEN, note=note)
    figures = outcome.result or {}
    count = figures.get("unexpected_count", figures.get("observed_value"))
    result = _result(
        rule,
        failing_rows=count if isinstance(count, int) else None,
        error=_error(outcome.exception_info or {}),
    )
    if result.error and rule.needs_live and _is_older(judged, narrowed):
        return replace(_not_assessed(rule), note="the live version does not have these tables or columns")
    if result.error is None and narrowed.expectation == FAILING_ROWS:
        result = replace(result, findings=_keep(judged, narrowed))
    return _as_warning(rule, result)


def _is_older(judged: Judged, rule: Rule) -> bool:
    """Whether a comparison fails only because the live version was made before the tables it asks for."""
    query = rule.arguments["query"].replace("{batch}", identifier(rule.table))
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(judged.database))} as judged (read_only)")
        con.execute("use judged")
        # The candidate stands in for the live version: what still fails is the rule's own fault.
        own = re.sub(r"\blive\.", "judged.main.", query)
        try:
            con.execute(f"explain {own}")
        except duckdb.Error:
            return False
    return True


def _as_warning(rule: Rule, result: RuleResult) -> RuleResult:
    """A warning lets the build go on until its last day; from then on it blocks."""
    if rule.owner is None or rule.until is None:
        return result
    if rule.until < _today():
        return replace(result, note=f"warned until {rule.until}, owner {rule.owner}; blocks since then")
    return replace(result, passed=True, status=WARNED, note=f"owner {rule.owner}, blocks after {rule.until}")


def _today() -> date:
    return datetime.now(UTC).date()


def _keep(judged: Judged, rule: Rule) -> list[list[str]]:
    """Names and figures of what broke a rule, for the report; its rows go into the private quarantine."""
    query = rule.arguments["query"].replace("{batch}", identifier(rule.table))
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {literal(str(judged.database))} as judged (read_only)")
        if judged.live:
            con.execute(f"attach {literal(str(judged.live))} as live (read_only)")
        if judged.quarantine:
            con.execute(f"attach {literal(str(judged.quarantine))} as quarantine")
            con.execute("create table if not exists quarantine.failing_rows (rule varchar, row_content json)")
        con.execute("use judged")
        if judged.quarantine:
            con.execute(
                f"insert into quarantine.failing_rows select ?, to_json(failing) from ({query}) as failing "
                f"limit {ROWS_KEPT}",
                [rule.name],
            )
        if not rule.has_findings:
            return []
        rows = con.execute(
            f"select {SUBJECT}, detail from ({query}) as findings order by all limit {FINDINGS_SHOWN}"
        ).fetchall()
    return [[str(value) for value in row] for row in rows]


def _error(exception_info: dict[str, Any]) -> str | None:
    """The kind of an exception: its text may quote a value."""
    infos = [exception_info] if "exception_message" in exception_info else exception_info.values()
    for info in infos:
        if isinstance(info, dict) and info.get("raised_exception"):
            return str(info["exception_message"]).split(":")[0][:80]
    return None


def _not_assessed(rule: Rule) -> RuleResult:
    return replace(_result(rule, passed=True), status=NOT_ASSESSED)


def _result(
    rule: Rule, *, passed: bool = False, failing_rows: int | None = None, error: str | None = None
) -> RuleResult:
    return RuleResult(
        rule.name,
        rule.table,
        rule.why,
        passed,
        failing_rows,
        error,
        status=PASSED if passed else FAILED,
    )
