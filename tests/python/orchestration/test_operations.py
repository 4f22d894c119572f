"""What starts runs, what keeps them apart, what is retried, and who is told when one fails."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from crm_warehouse import notify as notification_hooks
from crm_warehouse.access import private_files
from crm_warehouse.ingest.watch import Watch, raw_fingerprint
from crm_warehouse.notify import Notification, notify
from crm_warehouse.privacy import vault
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.settings import PROJECT_DIR, Settings
from orchestration.definitions import defs
from orchestration.defs.past_days import build_past_days, day_environment, folder_of
from orchestration.defs.sensors import failed_run, raw_arrival
from orchestration.failures import notification_of
from orchestration.steps import LANE

QUIET = timedelta(minutes=10)
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return defs().get_repository_def()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    raw = tmp_path / "raw" / "shopify"
    raw.mkdir(parents=True)
    (raw / "order.csv").write_text("id\n1\n")
    monkeypatch.setenv("CRM_RAW", str(raw.parent))
    monkeypatch.setenv("CRM_OUT", str(tmp_path / "out"))
    return Settings.from_env()


class TestArrival:
    def test_an_arrival_is_built_once_it_has_been_quiet(self) -> None:
        watch, due = Watch().look("a", NOON, QUIET)
        assert not due
        watch, due = watch.look("a", NOON + timedelta(minutes=9), QUIET)
        assert not due
        watch, due = watch.look("a", NOON + timedelta(minutes=10), QUIET)
        assert due
        _, due = watch.look("a", NOON + timedelta(days=1), QUIET)
        assert not due

    def test_every_change_starts_the_wait_anew(self) -> None:
        watch = Watch()
        for minute, seen in enumerate("abcdefghijklmn"):
            watch, due = watch.look(seen, NOON + timedelta(minutes=5 * minute), QUIET)
            assert not due
        assert watch.look("n", NOON + timedelta(minutes=75), QUIET)[1]

    def test_data_that_came_back_to_what_was_built_is_not_built_again(self) -> None:
        watch = Watch(seen="a", since=NOON.isoformat(), started="a")
        watch, _ = watch.look("b", NOON, QUIET)
        watch, due = watch.look("a", NOON + QUIET, QUIET)
        assert not due
        assert not watch.look("a", NOON + 3 * QUIET, QUIET)[1]

    def test_a_cursor_of_something_else_is_a_fresh_start(self) -> None:
        assert Watch.from_text("not json") == Watch.from_text('{"x": 1}') == Watch.from_text(None) == Watch()
        watch = Watch("a", NOON.isoformat(), "b")
        assert Watch.from_text(watch.to_text()) == watch

    def test_any_change_to_a_file_is_seen_even_with_an_old_time(self, shop: Settings) -> None:
        order = shop.raw / "shopify" / "order.csv"
        seen = {raw_fingerprint(shop.raw)}
        order.write_text("id\n1\n2\n")
        seen.add(raw_fingerprint(shop.raw))
        (shop.raw / "shopify" / "customer.csv").write_text("id\n")
        seen.add(raw_fingerprint(shop.raw))
        order.rename(order.with_name("orders.csv"))
        seen.add(raw_fingerprint(shop.raw))
        assert len(seen) == 4

    def test_what_a_build_passes_over_is_no_arrival_and_what_it_reads_is(self, shop: Settings) -> None:
        table = shop.raw / "shopify" / "refund"
        (table / "2024").mkdir(parents=True)
        (table / "_temporary").mkdir()
        before = raw_fingerprint(shop.raw)
        (table / "_temporary" / "part.csv").write_text("id\n")
        (table / "_SUCCESS").write_text("")
        assert raw_fingerprint(shop.raw) == before
        (table / "2024" / "part.csv").write_text("id\n")
        assert raw_fingerprint(shop.raw) != before

    def test_a_change_behind_a_link_is_an_arrival(self, shop: Settings, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (shop.raw / "klaviyo").symlink_to(elsewhere)
        before = raw_fingerprint(shop.raw)
        (elsewhere / "event.csv").write_text("id\n")
        assert raw_fingerprint(shop.raw) != before

    def test_nothing_landed_is_no_arrival(self, tmp_path: Path) -> None:
        assert raw_fingerprint(tmp_path / "nothing") is None
        assert raw_fingerprint(tmp_path) is None
        assert not Watch().look(None, NOON, QUIET)[1]

    def test_the_sensor_starts_one_run_per_arrival(
        self, shop: Settings, monkeypatch: pytest.MonkeyPatch, repository: dg.RepositoryDefinition
    ) -> None:
        context = dg.build_sensor_context(repository_def=repository)
        requests = []
        for minutes in range(0, 60, 5):
            monkeypatch.setattr("orchestration.defs.sensors.datetime", Clock(minutes))
            found = raw_arrival.evaluate_tick(context)
            requests += found.run_requests or []
            context.update_cursor(found.cursor or context.cursor)
        assert len(requests) == 1
        assert requests[0].run_key == raw_fingerprint(shop.raw)
        assert requests[0].run_config["resources"]["warehouse"]["config"]["wait_minutes"] > 0


class Clock:
    """Stands for the datetime class; it is some minutes past noon."""

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes

    def now(self, _zone: object) -> datetime:
        return NOON + timedelta(minutes=self.minutes)


class TestOneWriter:
    def test_a_scheduled_run_waits_for_a_build_that_was_started_by_hand(
        self, shop: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("crm_warehouse.publish.lock._WAIT_SECONDS", 0.05)
        started, order = threading.Event(), []

        def by_hand() -> None:
            # A lock of another process: this process's registry must not know it.
            import fcntl

            shop.out.mkdir(exist_ok=True)
            with shop.lock_path.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                started.set()
                threading.Event().wait(0.4)
                order.append("by hand")

        thread = threading.Thread(target=by_hand)
        thread.start()
        started.wait()
        with writer_lock(shop, "scheduled", wait_seconds=30):
            order.append("scheduled")
        thread.join()
        assert order == ["by hand", "scheduled"]

    def test_dagster_runs_one_build_at_a_time(self) -> None:
        config = yaml.safe_load((PROJECT_DIR / "orchestration" / "dagster.yaml").read_text())
        (limit,) = config["concurrency"]["runs"]["tag_concurrency_limits"]
        assert limit == {"key": LANE, "limit": 1, "value": {"applyLimitPerUniqueValue": True}}
        assert config["run_retries"]["retry_on_asset_or_op_failure"] is False

    def test_every_job_has_a_lane_and_triggers_have_one_of_their_own(
        self, repository: dg.RepositoryDefinition
    ) -> None:
        jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
        lanes = {job.name: job.tags.get(LANE) for job in jobs}
        assert lanes == {
            "build": "builds",
            "build_past_days": "builds",
            "rollback": "builds",
            "hourly_triggers": "journeys",
        }

    def test_the_instance_configuration_is_valid(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        (tmp_path / "dagster.yaml").write_text((PROJECT_DIR / "orchestration" / "dagster.yaml").read_text())
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            assert instance.run_retries_enabled
            assert instance.run_monitoring_enabled
            assert instance.get_concurrency_config().run_queue_config

    def test_a_killed_build_starts_over_from_the_beginning(self, repository: dg.RepositoryDefinition) -> None:
        assert repository.get_job("build").tags["dagster/retry_strategy"] == "ALL_STEPS"

    def test_steps_that_start_over_are_retried_and_dbt_is_not(
        self, repository: dg.RepositoryDefinition
    ) -> None:
        job = repository.get_job("build")
        retried = {node.name for node in job.nodes if node.definition.retry_policy}
        assert retried == {"conform", "published__candidate", "published__report", "publish"}


class TestPastDays:
    def test_a_past_day_has_a_warehouse_of_its_own(self, shop: Settings) -> None:
        own = Settings(raw=shop.raw, out=folder_of(shop, "2024-12-31"))
        assert own.warehouse_path != shop.warehouse_path
        assert own.published_dir != shop.published_dir
        assert own.lock_path != shop.lock_path

    def test_a_past_day_knows_who_is_left_out_and_nothing_of_the_live_warehouse(
        self, shop: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inherited = {vault.KEY_VARIABLE: "a key of some length", "CRM_EXCLUSIONS": "/shop/exclusions.csv"}
        for name, value in inherited.items():
            monkeypatch.setenv(name, value)
        environment = day_environment()
        assert inherited.items() <= environment.items()
        assert environment["PATH"]
        assert "CRM_OUT" not in environment and str(shop.out) not in environment.values()

    def test_a_refused_past_day_says_why_and_leaves_the_live_warehouse_alone(self, shop: Settings) -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            result = build_past_days.execute_in_process(
                partition_key="2024-12-31", instance=instance, raise_on_error=False
            )
        (failure,) = result.get_step_failure_events()
        description = failure.step_failure_data.user_failure_data.description or ""
        assert "column" in description and "Nothing was published" in description
        assert not shop.warehouse_path.exists()
        assert not shop.published_dir.exists()
        assert (folder_of(shop, "2024-12-31") / "warehouse.duckdb").exists()


class TestNotifications:
    NOTE = Notification("gate_refused", "build", "b1", "publish", "No proof.", "20250301T050000Z")

    @pytest.fixture
    def posts(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
        received: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(500 if "fail" in self.path else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setenv("CRM_NOTIFY_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/s3cret")
            yield received
            server.shutdown()

    def test_a_webhook_gets_what_the_operator_needs(self, posts: list[dict[str, Any]]) -> None:
        notify(self.NOTE)
        (body,) = posts
        assert body["kind"] == "gate_refused"
        assert body["text"] == ("gate_refused: build b1 at publish. No proof. Readers see 20250301T050000Z.")

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9/s3cret", "file:///s3cret", "s3cret"])
    def test_a_hook_that_fails_is_told_without_its_secret_and_stops_nobody(
        self, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("CRM_NOTIFY_WEBHOOK_URL", url)
        monkeypatch.setenv("CRM_NOTIFY_HOOK", f"{__name__}:remember")
        notify(self.NOTE)
        assert "notification hook post failed" in caplog.text
        assert "s3cret" not in caplog.text
        assert REMEMBERED.pop() == self.NOTE

    def test_the_log_hook_is_always_there(self, caplog: pytest.LogCaptureFixture) -> None:
        notify(self.NOTE)
        assert "No proof." in caplog.text
        assert notification_hooks.log in list(notification_hooks._hooks())

    def test_a_refused_run_is_told_by_the_sensor(
        self, shop: Settings, posts: list[dict[str, Any]], repository: dg.RepositoryDefinition
    ) -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            result = repository.get_job("build").execute_in_process(instance=instance, raise_on_error=False)
            context = dg.build_run_status_sensor_context(
                sensor_name="failed_run",
                dagster_event=result.get_run_failure_event(),
                dagster_instance=instance,
                dagster_run=result.dagster_run,
            ).for_run_failure()
            failed_run(context)
        (body,) = posts
        assert (body["kind"], body["job"], body["step"]) == ("gate_refused", "build", "conform")
        assert "Source shopify" in body["message"]
        assert body["live_version"] is None

    def test_a_run_that_never_got_the_lock_is_told_with_its_reason(
        self, shop: Settings, repository: dg.RepositoryDefinition
    ) -> None:
        with writer_lock(shop, "somebody-else"), dg.DagsterInstance.ephemeral() as instance:
            result = repository.get_job("build").execute_in_process(instance=instance, raise_on_error=False)
        told = notification_of([result.get_run_failure_event()], job="build", run_id="b1")
        assert told.kind == "run_failed"
        assert "Another build is writing this warehouse" in told.message

    def test_of_errors_that_are_not_ours_only_the_type_is_told(self) -> None:
        @dg.op
        def leak() -> None:
            raise ValueError("ada@example.com")

        @dg.job
        def leaking() -> None:
            leak()

        with dg.DagsterInstance.ephemeral() as instance:
            result = leaking.execute_in_process(instance=instance, raise_on_error=False)
        told = notification_of(result.get_step_failure_events(), job="leaking", run_id="b1")
        assert (told.kind, told.message) == ("run_failed", "ValueError.")


REMEMBERED: list[Notification] = []


def remember(notification: Notification) -> None:
    REMEMBERED.append(notification)


class TestSchedule:
    def test_a_day_that_readers_are_past_is_not_built(
        self, monkeypatch: pytest.MonkeyPatch, repository: dg.RepositoryDefinition
    ) -> None:
        class Live:
            as_of_date = datetime(2025, 3, 1).date()

        monkeypatch.setattr("orchestration.defs.schedules.live_version", lambda _: Live())
        schedule = repository.get_schedule_def("daily_build")

        def tick(day: int) -> Any:
            at = datetime(2025, 3, day, 5, tzinfo=UTC)
            return schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=at))

        assert not tick(1).run_requests
        assert "never go back" in tick(1).skip_message
        assert tick(2).run_requests

    def test_published_marts_are_expected_every_day(self, repository: dg.RepositoryDefinition) -> None:
        graph = repository.asset_graph
        published = [key for key in graph.get_all_asset_keys() if key.path[0] == "published"]
        expected = {key.path[-1] for key in published if graph.get(key).freshness_policy}
        assert expected == {key.path[-1] for key in published} - {"candidate", "report"}


class TestPrivacyOfFiles:
    def test_what_a_build_creates_is_the_service_accounts_alone(self, shop: Settings) -> None:
        shop.out.mkdir()
        shop.out.chmod(0o777)
        left = shop.out / "warehouse.duckdb"
        left.write_text("left open by an older run")
        left.chmod(0o666)
        shop.published_dir.mkdir(mode=0o755)
        with private_files(shop):
            (shop.out / "ingest").mkdir()
            (shop.out / "ingest" / "copy.parquet").write_text("x")
        modes = {path.name: path.stat().st_mode & 0o777 for path in shop.out.rglob("*")}
        assert modes == {
            "warehouse.duckdb": 0o600,
            "published": 0o755,
            "ingest": 0o700,
            "copy.parquet": 0o600,
        }
        assert shop.out.stat().st_mode & 0o777 == 0o711
