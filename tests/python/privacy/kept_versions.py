"""Small published versions with a person in them, and rewriting that dies: `python -m … <out>`.

Every fourth call with which rewriting touches the disk is a point to die at. For each, a fork of this process rewrites
and kills itself there; another fork, which lives, reads what is published and must complete the work.
"""

import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.privacy import versions
from crm_warehouse.privacy.proof import search
from crm_warehouse.privacy.versions import finish_rewriting, rewrite_versions
from crm_warehouse.publish.files import read_json, sha256, write_json
from crm_warehouse.publish.layout import (
    AUDIT_FILE,
    CANDIDATE_FILE,
    IMPERSONAL_FILE,
    MARTS_FILE,
    Candidate,
)
from crm_warehouse.publish.publish import seal
from crm_warehouse.publish.versions import list_versions, switch_to, verify_version
from crm_warehouse.quality.results import AuditReport
from crm_warehouse.settings import Settings

ADA, BEA = "ada.lovelace@example.com", "bea.curie@example.com"
ADAS_RECORD = "shopify:customer:1"
STRIDE = 4  # of the 86 points; each costs a second
DISK_CALLS = ["fsync", "replace", "rename", "unlink", "chmod", "mkdir"]
TABLES = {
    "customers": ("customer_key varchar, email varchar", "delete", ["email"]),
    "customer_identifiers": (
        "record_key varchar, customer_key varchar, email_normalized varchar",
        "delete",
        ["email_normalized"],
    ),
    "orders": ("order_key varchar, customer_key varchar, net_amount decimal(18, 4)", "anonymize", []),
    "tickets": ("ticket_key varchar, customer_key varchar, subject varchar", "anonymize", ["subject"]),
    "customer_keys": ("customer_key varchar, record_key varchar", "keep_key", ["record_key"]),
}
ROWS = f"""
insert into customers values ('ada', '{ADA}'), ('bea', '{BEA}');
insert into customer_identifiers values ('{ADAS_RECORD}', 'ada', '{ADA}'), ('shopify:customer:2', 'bea', '{BEA}');
insert into orders select 'o' || i, case when i % 2 = 0 then 'ada' else 'bea' end, i from range(1000) t(i);
insert into orders values ('guest', null, 5);
insert into tickets values ('t1', 'ada', 'Where is my parcel, Ada'), ('t2', 'bea', 'Wrong size'), ('t3', null, 'Spam');
insert into customer_keys values ('ada', '{ADAS_RECORD}'), ('bea', 'shopify:customer:2');
"""
SEEN = "select (select count(*) from orders), (select sum(net_amount) from orders), (select count(*) from customers)"


def publish(settings: Settings, version: str, *, with_ada: bool = True) -> None:
    """One sealed version, made live."""
    folder = settings.published_dir / "versions" / version
    folder.mkdir(parents=True)
    for name in (MARTS_FILE, IMPERSONAL_FILE):
        _write_marts(folder / name, version, impersonal=name == IMPERSONAL_FILE, with_ada=with_ada)
    (folder / "quality.html").write_text("<p>all well</p>")
    moment = "2025-01-01T00:00:00"
    files = {
        f.name: {"sha256": sha256(f), "bytes": f.stat().st_size} for f in sorted(folder.glob("*.duckdb"))
    }
    tables = {
        name: {
            "rows": 0,
            "columns": [{"name": column, "personal": True} for column in personal],
            "keys": [],
            "owner": None,
            "on_erasure": action,
        }
        for name, (_, action, personal) in TABLES.items()
    }
    record = {
        "version": version,
        "build_id": f"build of {version}",
        "as_of_at": moment,
        "as_of_date": moment[:10],
        "created_at": moment,
        "live_version": None,
        "files": files,
        "tables": tables | {"big_orders": tables["orders"] | {"kind": "view"}},
        "sources": [],
        "proof": {"warnings": []},
    }
    write_json(folder / CANDIDATE_FILE, record)
    pass_audit(folder)
    seal(Candidate.read(folder), read_json(folder / AUDIT_FILE))
    switch_to(settings, version, action="publish")


def _write_marts(path: Path, version: str, *, impersonal: bool, with_ada: bool) -> None:
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as fresh (storage_version 'v1.2.0')")
        con.execute("use fresh")
        for name, (columns, *_) in TABLES.items():
            con.execute(f"create table {name} ({columns})")
            con.execute(f"comment on table {name} is 'All about {name}'")
        con.execute(ROWS)
        if not with_ada:
            for name in TABLES:
                con.execute(f"delete from {name} where customer_key = 'ada'")
        for name, (_, _, personal) in TABLES.items():
            for column in personal if impersonal else []:
                con.execute(f"alter table {name} drop column {column}")
        con.execute("create view big_orders as select * from main.orders where net_amount > 500")
        con.execute(f"create table warehouse_version as select '{version}' as version")
        con.execute("use memory")
        con.execute("detach fresh")


def pass_audit(folder: Path, *, passed: bool = True) -> AuditReport:
    """The record of an audit; Great Expectations itself is tested in tests/python/quality."""
    candidate = Candidate.read(folder)
    report = AuditReport(
        candidate.build_id,
        candidate.sha256,
        sha256(folder / CANDIDATE_FILE),
        passed,
        "2025-01-01T00:00:00",
        0.0,
        "test",
        [],
    )
    write_json(folder / AUDIT_FILE, report.to_dict())
    return report


class Fuse:
    """Counts disk calls and kills the process at call number `burns_at`."""

    def __init__(self, burns_at: int) -> None:
        self.calls = 0
        self.burns_at = burns_at

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if self.calls == self.burns_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.calls += 1
            return function(*arguments, **options)

        return counted


def rewrite(settings: Settings, burns_at: int | None) -> None:
    versions.audit_folder = pass_audit  # type: ignore[assignment]  # a stand-in for this test
    versions.marts_of_today = dict  # each of these versions says itself what its tables are
    if burns_at is not None:
        fuse = Fuse(burns_at)
        for name in DISK_CALLS:
            setattr(os, name, fuse.wrap(getattr(os, name)))
    finish_rewriting(settings)
    rewrite_versions(settings, {ADAS_RECORD})


def in_fork(work: Callable[[], None]) -> bool:
    """Run `work` in a fork; whether it came to its end or was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("work that was not killed failed")
    return os.WIFEXITED(status)


def read(settings: Settings, seen: list[Any]) -> None:
    with duckdb.connect(str(settings.published_dir / MARTS_FILE), read_only=True) as con:
        seen.append(con.execute(SEEN).fetchall()[0])


def main(out: Path) -> dict[str, Any]:
    """Kill at every point in turn, each time over a fresh copy of the same two versions."""
    template = Settings(raw=out / "raw", out=out / "template")
    in_fork(lambda: [publish(template, v) for v in ("20250101T000000Z", "20250102T000000Z")] and None)
    killed = 0
    for point in count(0, STRIDE):
        settings = Settings(raw=out / "raw", out=out / "shop")
        shutil.rmtree(settings.out, ignore_errors=True)
        shutil.copytree(template.out, settings.out, symlinks=True)
        survived = in_fork(partial(rewrite, settings, point))
        killed += not survived
        in_fork(partial(recover, settings))
        if survived:
            return {"killed": killed}
    raise AssertionError


def recover(settings: Settings) -> None:
    check_readable(settings)
    rewrite(settings, None)
    check_complete(settings)


def check_readable(settings: Settings) -> None:
    seen: list[Any] = []
    read(settings, seen)
    assert seen[0][:2] == (1001, 499505), seen
    assert seen[0][2] in (1, 2), seen


def check_complete(settings: Settings) -> None:
    for version in list_versions(settings):
        verify_version(settings, version.version)
    assert len(list_versions(settings)) == 2
    assert not (settings.published_dir / ".erasing").exists() or not list(
        (settings.published_dir / ".erasing").iterdir()
    )
    findings = search(settings, [ADA, ADAS_RECORD, "Where is my parcel, Ada"]).findings
    assert findings == [], [str(finding) for finding in findings]


if __name__ == "__main__":
    started = time.process_time()
    print(json.dumps(main(Path(sys.argv[1])) | {"seconds": time.process_time() - started}))
