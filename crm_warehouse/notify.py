"""Telling people that a run failed or a gate refused: to the log, to a webhook, or to a function of their own.

Belongs here: what is told, and how it leaves this machine. Does not: noticing it (orchestration/).

    CRM_NOTIFY_WEBHOOK_URL   POST the notification there as JSON; the URL is a secret and is never logged
    CRM_NOTIFY_HOOK          `package.module:function`, called with the Notification
"""

import importlib
import json
import logging
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10

Kind = Literal["gate_refused", "run_failed"]


@dataclass(frozen=True)
class Notification:
    """One failure, without personal data.

    Attributes:
        kind: gate_refused when a check or a proof stopped the build, run_failed when something broke.
        job: Job that ran.
        build_id: Its run.
        step: Step that failed; None when the run never got to one.
        message: What the operator should know; from errors whose text is ours, else only the error's type.
        live_version: What readers see meanwhile; None before the first publication.
    """

    kind: Kind
    job: str
    build_id: str
    step: str | None
    message: str
    live_version: str | None

    def __str__(self) -> str:
        step = f" at {self.step}" if self.step else ""
        seen = f"Readers see {self.live_version}" if self.live_version else "Nothing is published"
        return f"{self.kind}: {self.job} {self.build_id}{step}. {self.message} {seen}."


Hook = Callable[[Notification], None]


def notify(notification: Notification, *, to_log: bool = True) -> None:
    """Pass a notification to every configured hook; one that fails is logged and does not stop the others.

    Args:
        notification: What to tell.
        to_log: Also write it to the log; not where the same was just printed.
    """
    for hook in _hooks() if to_log else [hook for hook in _hooks() if hook is not log]:
        try:
            hook(notification)
        except Exception as error:
            # The text of the error may hold the URL.
            logger.error("notification hook %s failed: %s", _name(hook), type(error).__name__)


def _hooks() -> Iterator[Hook]:
    yield log
    if os.environ.get("CRM_NOTIFY_WEBHOOK_URL"):
        yield post
    if os.environ.get("CRM_NOTIFY_HOOK"):
        yield call


def log(notification: Notification) -> None:
    """Write the notification to the log, as an error."""
    logger.error("%s", notification)


def post(notification: Notification) -> None:
    """POST the notification as JSON; `text` is what chat tools show.

    Raises:
        OSError: the address did not answer, or not with success.
        ValueError: the address is none.
    """
    url = os.environ["CRM_NOTIFY_WEBHOOK_URL"]
    if not url.startswith(("https://", "http://")):
        raise ValueError("CRM_NOTIFY_WEBHOOK_URL is no http(s) address")
    body = json.dumps({"text": str(notification), **asdict(notification)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310 - likewise
        pass


def call(notification: Notification) -> None:
    """Call the function that CRM_NOTIFY_HOOK names."""
    module, _, function = os.environ["CRM_NOTIFY_HOOK"].partition(":")
    getattr(importlib.import_module(module), function)(notification)


def _name(hook: Hook) -> str:
    return getattr(hook, "__name__", type(hook).__name__)
