"""Look at published versions, or go back to one: `python -m crm_warehouse.publish versions|changes|rollback [VERSION]`.

Belongs here: the command line around versions.py and rollback.py. Does not: what they do.
"""

import argparse
import sys

from crm_warehouse.access import private_files
from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.versions import list_versions
from crm_warehouse.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command against the output folder that CRM_OUT names; exit code 1 means that nothing was done."""
    parser = argparse.ArgumentParser(prog="python -m crm_warehouse.publish", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("versions", help="kept versions, newest first")
    commands.add_parser("changes", help="schema changes of each kept version")
    back = commands.add_parser("rollback", help="let readers see an earlier version again")
    back.add_argument("version", nargs="?", help="default: the newest one older than the live one")
    parsed = parser.parse_args(arguments)
    settings = Settings.from_env()
    try:
        if parsed.command == "rollback":
            with private_files(settings):
                live = rollback(settings, parsed.version)
            print(f"Readers see {live.version}, as of {live.as_of_date}.")
        else:
            _list(settings, with_changes=parsed.command == "changes")
    except WarehouseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _list(settings: Settings, *, with_changes: bool) -> None:
    for found in list_versions(settings):
        live = "  live" if found.is_live else ""
        revision = str(found.manifest["git_revision"])[:12]
        print(f"{found.version}  as of {found.as_of_date}  {revision:<12}  {found.build_id}{live}")
        for change in found.manifest.get("schema_changes", []) if with_changes else []:
            column = f".{change['column_name']}" if change["column_name"] else ""
            types = " -> ".join(t for t in (change["type_before"], change["type_after"]) if t)
            print(f"  {change['change_type']:<15} {change['table_name']}{column}  {types}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
