"""The pipeline of one night, step by step in this process, with dbt and Great Expectations kept resident."""

import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from crm_warehouse.clv import fit
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import ingest
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.quality.overrides import OVERRIDES_FILE
from crm_warehouse.quality.run import check_arrival, run_audit
from crm_warehouse.settings import Settings
from crm_warehouse.transform import build_arguments, run_dbt


class Refused(Exception):
    """A gate stopped the build: which one, and the names of the rules (or the message) that did."""

    def __init__(self, gate: str, rules: Sequence[str]) -> None:
        super().__init__(f"{gate}: {', '.join(rules)}")
        self.gate = gate
        self.rules = list(rules)


@dataclass
class Night:
    """One build of one shop."""

    raw: Path
    out: Path
    day: date | None
    build_id: str
    project: Any
    overrides: Path = OVERRIDES_FILE
    project_vars: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(raw=self.raw, out=self.out, as_of=self.day, var_overrides=self.project_vars)

    def arrive(self) -> None:
        try:
            ingest(self.settings, self.build_id)
        except WarehouseError as error:
            raise Refused("contract", [str(error)]) from error
        try:
            check_arrival(self.settings, self.build_id, overrides=self.overrides)
        except WarehouseError as error:
            raise Refused("arrival", [str(error)]) from error

    def transform(self) -> None:
        self.dbt(build_arguments(after_fit=False))
        fit(self.settings, self.build_id)
        self.dbt(build_arguments(after_fit=True))

    def dbt(self, arguments: list[str]) -> None:
        run = run_dbt(arguments, settings=self.settings, build_id=self.build_id, manifest=self.project)
        if run.failed:
            raise Refused("model", [result.unique_id.split(".")[2] for result in run.failed])

    def release(self) -> None:
        try:
            stage_candidate(self.settings, self.build_id)
            audit = run_audit(self.settings, self.build_id, overrides=self.overrides, keep_process=True)
            if not audit.passed:
                with_proof(self)
                raise Refused("release", [str(rule) for rule in audit.failed])
            publish_candidate(self.settings, self.build_id)
        except WarehouseError as error:
            raise Refused("publish", [str(error)]) from error

    def run(self) -> None:
        self.arrive()
        self.transform()
        self.release()


def with_proof(night: Night) -> None:
    """A failed audit must keep the candidate from being published by whoever tries."""
    try:
        publish_candidate(night.settings, night.build_id)
    except WarehouseError:
        return
    raise AssertionError("a candidate was published although its audit failed")


@contextmanager
def broken_model(project: Any, name: str, query: str) -> Iterator[None]:
    """A mistake in a model for the builds of this block: `query` reads the model's own result as `{model}`."""
    node = next(n for n in project.nodes.values() if n.resource_type == "model" and n.name == name)
    before = node.raw_code
    broken, found = re.subn(r"select \* from (\w+)\s*$", lambda last: query.format(model=last[1]), before)
    assert found, f"{name} does not end in `select * from <last>`"
    node.raw_code = broken
    try:
        yield
    finally:
        node.raw_code = before


def published_bytes(out: Path) -> dict[str, str]:
    """Hash of everything readers can see, and where the links lead."""
    published = out / "published"
    found = {"current": str((published / "current").readlink())}
    for path in sorted((published / "versions").rglob("*")):
        if path.is_file():
            found[str(path.relative_to(published))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def copy_out(origin: Path, target: Path) -> Path:
    """A private copy of a built output folder."""
    shutil.copytree(origin, target, symlinks=True, ignore=shutil.ignore_patterns("logs", "target", "dagster"))
    return target
