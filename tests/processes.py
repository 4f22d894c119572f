"""Processes that tests start the way a user would."""

import os


def clean_environment() -> dict[str, str]:
    """The environment without what a test, or the developer who runs it, has told the project."""
    told = ("CRM_", "DBT_", "DAGSTER_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(told)}
