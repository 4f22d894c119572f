"""What people open in a browser, written beside the marts of a version before it is sealed.

Belongs here: when the report and dbt's documentation are written, and what happens when they cannot be. Does not: what
is in them (site.py, dbt_docs.py).
"""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from crm_warehouse.publish.files import read_json
from crm_warehouse.publish.layout import DBT_DOCS_FILE, SITE_FILE, Candidate, candidate_dir
from crm_warehouse.report.dbt_docs import write_dbt_docs
from crm_warehouse.report.site import write_site
from crm_warehouse.settings import Settings
from crm_warehouse.transform import target_dir

logger = logging.getLogger(__name__)


@dataclass
class Documents:
    """What became of them.

    Attributes:
        sizes: Bytes per file that was written.
        problems: Per file that was not, where it failed. Without the error's text, which may quote data.
        seconds: How long it took.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    seconds: float = 0


def write_documents(settings: Settings, build_id: str) -> Documents:
    """Write the report and dbt's documentation of the audited candidate of `build_id`.

    A document that cannot be written is missing, and said to be; it keeps nobody from correct marts.

    Raises:
        OSError: the disk failed.
    """
    started = time.monotonic()
    candidate = Candidate.read(candidate_dir(settings, build_id))
    documents = Documents()
    _try(
        documents,
        candidate.folder / DBT_DOCS_FILE,
        lambda: write_dbt_docs(candidate, read_json(target_dir() / "manifest.json")),
    )
    renew_site(settings, candidate.folder, documents)
    documents.seconds = round(time.monotonic() - started, 2)
    return documents


def renew_site(settings: Settings, folder: Path, documents: Documents | None = None) -> None:
    """Write the report of the candidate or version in `folder`, or none, where there may have been another.

    Raises:
        OSError: the disk failed.
    """
    _try(documents or Documents(), folder / SITE_FILE, lambda: write_site(settings, folder))


def _try(documents: Documents, path: Path, write: Callable[[], Path]) -> None:
    try:
        documents.sizes[path.name] = write().stat().st_size
    except OSError:
        raise
    except Exception as error:
        path.unlink(missing_ok=True)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
        documents.problems[path.name] = place
        logger.error("%s could not be written (%s); the version goes without it", path.name, place)
