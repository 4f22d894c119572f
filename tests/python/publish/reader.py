"""A dashboard that never stops: `python -m tests.python.publish.reader <published folder> <stop file>`.

Opens the published file over and over, as readers do, and checks what it sees: one generation in all tables, and
never an older one than before.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

SEEN = """
select
    (select list(distinct generation) from orders),
    (select list(distinct generation) from order_lines),
    (select list(distinct generation) from customer_360),
    (select list(distinct cast(substr(build_id, 2) as integer)) from warehouse_version),
    (select count(*) from orders)
"""


def main(published: Path, stop: Path) -> dict[str, Any]:
    reads, errors, mixed, backward = 0, [], 0, 0
    newest = -1
    while not stop.exists():
        time.sleep(0.01)  # leaves the builds some CPU
        if not (published / "marts.duckdb").exists():
            continue
        try:
            with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
                *tables, rows = con.execute(SEEN).fetchall()[0]
        except duckdb.Error as error:
            errors.append(str(error))
            continue
        reads += 1
        generations = {generation for found in tables for generation in found}
        mixed += len(generations) != 1 or rows != 50
        backward += min(generations) < newest
        newest = max(generations)
    return {"reads": reads, "errors": errors[:3], "mixed": mixed, "backward": backward, "newest": newest}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
