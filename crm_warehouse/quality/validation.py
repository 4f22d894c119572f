"""Rules through Great Expectations, counted by DuckDB.

Belongs here: everything that imports Great Expectations. Does not: the rules (rules.py) or the verdict
(audit.py).

Importing Great Expectations costs 7 CPU seconds, so only the audit's own process imports this module.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import great_expectations as gx
from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import Batch, TestConnectionError
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.registry import get_expectation_impl

from crm_warehouse.quality.dialect import read_only_url
from crm_warehouse.quality.results import RuleResult
from crm_warehouse.quality.rules import FAILING_ROWS, Rule

ENGINE = f"great_expectations {gx.__version__}"

# Anything richer makes Great Expectations fetch the offending values: slow, and personal data in a log.
_NO_VALUES = "BOOLEAN_ONLY"
# For failures only, to say how many; with 0 examples the query would lose its LIMIT and fetch them all.
_COUNT = {"result_format": "BASIC", "partial_unexpected_count": 1}


class ExpectNoFailingRows(UnexpectedRowsExpectation):
    """A query must return nothing. Counts in the database, where its parent fetches the rows, without limit."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count == 0, "result": {"observed_value": count}}


def validate(database: Path, rules: Iterable[Rule]) -> Iterator[RuleResult]:
    """Run `rules` against a DuckDB file, table by table, so that one scan serves many rules."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(name="candidate", connection_string=read_only_url(database))
    for table, group in groupby(sorted(rules, key=lambda rule: rule.table), key=lambda rule: rule.table):
        by_name = {rule.name: rule for rule in group}
        try:
            asset = source.add_table_asset(name=table, table_name=table)
        except TestConnectionError:
            yield from (_result(rule, error="The table is missing") for rule in by_name.values())
            continue
        yield from _validate_table(asset.add_batch_definition_whole_table(table).get_batch(), by_name)


def _validate_table(batch: Batch, rules: dict[str, Rule]) -> Iterator[RuleResult]:
    found = _run(batch, rules.values(), _NO_VALUES)
    failed = [rules[name] for name, outcome in found.items() if not outcome.success]
    if failed:
        found |= _run(batch, failed, _COUNT)
    for name, outcome in found.items():
        yield _outcome(rules[name], outcome)


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


def _outcome(rule: Rule, outcome: ExpectationValidationResult) -> RuleResult:
    if outcome.success:
        return _result(rule, passed=True)
    figures = outcome.result or {}
    count = figures.get("unexpected_count", figures.get("observed_value"))
    failing_rows = count if isinstance(count, int) else None
    return _result(rule, failing_rows=failing_rows, error=_error(outcome.exception_info or {}))


def _error(exception_info: dict[str, Any]) -> str | None:
    """The kind of an exception: its text may quote a value."""
    infos = [exception_info] if "exception_message" in exception_info else exception_info.values()
    for info in infos:
        if isinstance(info, dict) and info.get("raised_exception"):
            return str(info["exception_message"]).split(":")[0][:80]
    return None


def _result(
    rule: Rule, *, passed: bool = False, failing_rows: int | None = None, error: str | None = None
) -> RuleResult:
    return RuleResult(rule.name, rule.table, rule.why, passed, failing_rows, error)
