"""dbt's documentation site of one version, as one file.

Belongs here: what goes into dbt's own page. Does not: the page, which comes with dbt.

`dbt docs generate --static` puts the manifest and a catalog into a page that dbt brings along. It would open the
private warehouse to make the catalog, and leave 6 MB. Here the same page gets the manifest this build ran, without the
parts that it does not show, and a catalog of the candidate's tables; and it is packed, since readers look at it rarely.
"""

import base64
import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_warehouse.publish.files import fsync
from crm_warehouse.publish.layout import DBT_DOCS_FILE, Candidate
from crm_warehouse.report.site import embedded_json

_NOT_SHOWN = (
    "build_path",
    "checksum",
    "compiled_path",
    "contract",
    "created_at",
    "extra_ctes",
    "file_key_name",
    "root_path",
    "unrendered_config",
)
_EMPTY = ("disabled", "unit_tests", "selectors", "functions", "saved_queries", "group_map")
# Nothing may be loaded or told from this page; dbt's own counts page views where it is hosted.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; font-src data:; '
    "style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'\">"
)
_PACKED = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>dbt docs</title></head>
<body>
<p>Unpacking dbt docs. This needs JavaScript and a browser of 2023 or later.</p>
<script>
(async () => {
  const packed = Uint8Array.from(atob("%s"), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const page = await new Response(stream).text();
  document.open();
  document.write(page);
  document.close();
})();
</script>
</body>
</html>
"""


def write_dbt_docs(candidate: Candidate, manifest: Mapping[str, Any]) -> Path:
    """Write dbt's documentation beside the candidate.

    Args:
        candidate: What is being published; the catalog is of its tables.
        manifest: The project that the build ran.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    page = Path(DOCS_INDEX_FILE_PATH).read_text()
    for name, content in (("MANIFEST", shown_manifest(manifest)), ("CATALOG", _catalog(candidate, manifest))):
        page = page.replace(f'"{name}.JSON INLINE DATA"', embedded_json(content))
    page = page.replace("<head>", f"<head>{_POLICY}", 1)
    packed = base64.b64encode(gzip.compress(page.encode(), mtime=0)).decode()
    path = candidate.folder / DBT_DOCS_FILE
    path.write_text(_PACKED % packed)
    fsync(path)
    return path


def shown_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without what dbt's page does not show, or what is not this project's."""
    project = manifest["metadata"]["project_name"]
    shown = {
        **manifest,
        **{name: type(manifest[name])() for name in _EMPTY if name in manifest},
        "metadata": {**manifest["metadata"], "send_anonymous_usage_stats": False, "env": {}},
        "macros": {
            unique_id: macro
            for unique_id, macro in manifest["macros"].items()
            if macro["package_name"] == project
        },
        "docs": {
            unique_id: doc for unique_id, doc in manifest["docs"].items() if doc["name"] == "__overview__"
        },
    }
    for kind in ("nodes", "sources"):
        shown[kind] = {unique_id: _shown_node(node) for unique_id, node in manifest[kind].items()}
    return shown


def _shown_node(node: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in node.items() if name not in _NOT_SHOWN}
    if node["resource_type"] == "test":
        kept |= {"raw_code": "", "compiled_code": ""}
    return kept


def _catalog(candidate: Candidate, manifest: Mapping[str, Any]) -> dict[str, Any]:
    by_name = {node["alias"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    nodes = {
        by_name[name]["unique_id"]: _catalog_entry(by_name[name], table)
        for name, table in candidate.tables.items()
        if name in by_name
    }
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}


def _catalog_entry(node: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "unique_id": node["unique_id"],
        "metadata": {
            "type": table["kind"],
            "schema": node["schema"],
            "name": node["name"],
            "database": node["database"],
            "comment": None,
            "owner": table.get("owner"),
        },
        "columns": {
            column["name"]: {"name": column["name"], "type": column["type"], "index": at, "comment": None}
            for at, column in enumerate(table["columns"], start=1)
        },
        "stats": {
            "rows": {
                "id": "rows",
                "label": "Rows",
                "value": table["rows"],
                "include": True,
                "description": "Rows in this version",
            },
            "has_stats": {"id": "has_stats", "label": "Has stats", "value": True, "include": False},
        },
    }
