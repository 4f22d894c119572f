"""`python -m crm_warehouse.privacy`: erase, prove, export.

Belongs here: the command line. Does not: what the commands do.
"""

import argparse
import sys
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.privacy.access import export_person
from crm_warehouse.privacy.erase import prove_absence, request_erasure
from crm_warehouse.settings import DEFAULT_OUT, Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit code 1 means that it could not, or that something was found."""
    options = _parser().parse_args(arguments)
    out = Path(options.out).resolve()
    settings = Settings(raw=Path(options.raw).resolve() if options.raw else out / "sample_raw", out=out)
    if options.email == "-":
        options.email = sys.stdin.readline().strip()
    if not options.email and not getattr(options, "customer_key", None):
        print("Give --email or --customer-key.", file=sys.stderr)
        return 1
    try:
        return int(options.run(settings, options))
    except WarehouseError as error:
        print(error, file=sys.stderr)
        return 1


def _erase(settings: Settings, options: argparse.Namespace) -> int:
    request = request_erasure(settings, email=options.email, customer_keys=options.customer_key)
    print(
        f"Request {request.request_id}: {len(request.customer_keys)} customers with {len(request.records)} source "
        "records. The next build takes them out of everything and proves it."
    )
    return 0


def _prove(settings: Settings, options: argparse.Namespace) -> int:
    findings = prove_absence(settings, [options.email, *options.value])
    for finding in findings:
        print(finding)
    print(f"Found in {len(findings)} places." if findings else "Not found in any table or file.")
    return 1 if findings else 0


def _export(settings: Settings, options: argparse.Namespace) -> int:
    counts = export_person(
        settings, Path(options.to), email=options.email, customer_keys=options.customer_key
    )
    print(f"{sum(counts.values())} rows of {len(counts)} tables in {options.to}, readable by you alone.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crm_warehouse.privacy", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run, text in (
        ("erase", _erase, "ask for a person to be gone from the next build on"),
        ("prove", _prove, "look for a person's values in every table and file"),
        ("export", _export, "write everything about a person as JSON"),
    ):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        command.add_argument("--email", help="address of the person; - reads it from standard input")
        command.add_argument("--out", default=str(DEFAULT_OUT), help="output folder of the warehouse")
        command.add_argument("--raw", help="raw input, where it is inside the output folder")
        if run is _prove:
            command.add_argument("--value", action="append", default=[], help="another value to look for")
        else:
            command.add_argument(
                "--customer-key", action="append", default=[], help="key of the live version"
            )
        if run is _export:
            command.add_argument("--to", required=True, help="file to write, outside the output folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
