"""How errors of steps reach Dagster: retried where that may help, and without the data."""

import dagster as dg
import pytest

from crm_warehouse.errors import TransientError, WarehouseError
from orchestration.steps import step_errors


def failure(error: Exception) -> dg.Failure:
    with pytest.raises(dg.Failure) as raised, step_errors():
        raise error from ValueError("could not convert 'ada@example.com'")
    return raised.value


def test_only_what_may_pass_is_tried_again() -> None:
    assert failure(TransientError("The disk is full.")).allow_retries
    assert not failure(WarehouseError("A gate refused.")).allow_retries
    assert not failure(RuntimeError("a bug")).allow_retries


def test_messages_for_the_operator_are_kept_whole() -> None:
    assert failure(WarehouseError("Table order has no id.")).description == "Table order has no id."


def test_the_text_of_an_unexpected_error_is_not_kept() -> None:
    found = failure(RuntimeError("duplicate key ada@example.com"))
    assert found.description
    assert "ada" not in found.description
    assert "RuntimeError at test_steps.py" in found.description
    assert found.__suppress_context__
    assert found.__cause__ is None
