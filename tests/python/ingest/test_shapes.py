"""The same shop, however it landed, conforms to the same rows of the project's own declarations."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.ingest import ingest, unreversible_columns
from crm_warehouse.ingest.declaration import Column, load_platforms
from crm_warehouse.sample import write_sample
from crm_warehouse.settings import Settings

CUSTOMERS = 40
# What only one of Shopify's connectors lands, or says only where it has something to say; `table` or `table.column`.
ONLY_IN_ONE_SHAPE = frozenset(
    {
        "abandoned_checkout.billing_address_phone",
        "abandoned_checkout.email",
        "abandoned_checkout.phone",
        "customer_address",
        "discount_application.title",
        "discount_application.type",
        "fulfillment.shipment_status",
        "fulfillment.tracking_company",
        "order.fulfillment_status",
        "order_adjustment.kind",
        "order_discount_code.amount",
        "order_discount_code.type",
        "order_line.original_total",
        "order_line.price",
        "refund.processed_at",
    }
)


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("rest")
    write_sample(raw, customers=CUSTOMERS, seed=7)
    return raw


@pytest.fixture(scope="module")
def conformed_rest(rest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return conform(rest, tmp_path_factory.mktemp("out"))


def conform(raw: Path, out: Path, as_of: date | None = None) -> Path:
    settings = Settings(raw, out, as_of)
    ingest(settings, "build")
    return settings.warehouse_path


def raw_tables(raw: Path) -> Iterator[tuple[str, str, Path]]:
    for path in sorted(raw.glob("[a-z]*/*.parquet")):
        yield path.parent.name, path.stem, path


def differences(one: Path, other: Path, ignored: frozenset[str] = frozenset()) -> dict[str, int]:
    """Rows that only one of two warehouses has, by conformed table; `ignored` as in ONLY_IN_ONE_SHAPE."""
    found = {}
    with duckdb.connect() as con:
        con.execute(f"attach '{one}' as one (read_only)")
        con.execute(f"attach '{other}' as other (read_only)")
        for platform in load_platforms().values():
            for table in platform.tables.values():
                compared = [
                    column for column in table.columns if f"{table.name}.{column.name}" not in ignored
                ]
                columns = ", ".join(_comparable(column) for column in compared)
                if table.name in ignored:
                    continue
                name = f'conformed_{platform.name}."{table.name}"'
                left, right = (f"select {columns} from {warehouse}.{name}" for warehouse in ("one", "other"))
                ((count,),) = con.execute(
                    f"select count(*) from ((({left}) except all ({right})) union all (({right}) except all ({left})))"
                ).fetchall()
                if count:
                    found[f"{platform.name}.{table.name}"] = count
    return found


def _comparable(column: Column) -> str:
    """GraphQL writes REST's constants in capitals."""
    return f'upper("{column.name}")' if column.data_type == "string" else f'"{column.name}"'


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "duckdb"])
def test_every_format_gives_the_same_rows(
    rest: Path, conformed_rest: Path, tmp_path: Path, suffix: str
) -> None:
    raw = tmp_path / ("raw.duckdb" if suffix == "duckdb" else "raw")
    with duckdb.connect(str(raw) if suffix == "duckdb" else ":memory:") as con:
        for schema, table, path in raw_tables(rest):
            if suffix == "duckdb":
                con.execute(f"create schema if not exists {schema}")
                con.execute(f"create table {schema}.\"{table}\" as from '{path}'")
            else:
                (raw / schema).mkdir(parents=True, exist_ok=True)
                kind = "csv, header" if suffix == "csv" else "json"
                con.execute(f"copy (from '{path}') to '{raw / schema / table}.{suffix}' (format {kind})")
    assert differences(conformed_rest, conform(raw, tmp_path / "out")) == {}


def test_rest_and_graphql_give_the_same_rows(conformed_rest: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "raw", customers=CUSTOMERS, seed=7, shopify_shape="graphql")
    found = differences(conformed_rest, conform(tmp_path / "raw", tmp_path / "out"), ONLY_IN_ONE_SHAPE)
    assert found == {}


def test_other_loaders_give_the_same_rows(rest: Path, conformed_rest: Path, tmp_path: Path) -> None:
    """Plural table names, zoned load times, nested money and ids as text, as Airbyte and dlt write them."""
    with duckdb.connect() as con:
        for schema, table, path in raw_tables(rest):
            columns = {row[0]: row[1] for row in con.execute(f"describe from '{path}'").fetchall()}
            listed = [_as_other_loaders(name, kind) for name, kind in columns.items()]
            target = tmp_path / "raw" / schema / f"{_plural(schema, table)}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"copy (select {', '.join(listed)} from '{path}') to '{target}'")
    assert differences(conformed_rest, conform(tmp_path / "raw", tmp_path / "out")) == {}


def test_a_past_day_of_the_full_shop_is_the_shop_as_it_stood_that_day(rest: Path, tmp_path: Path) -> None:
    """For every table that dates its rows; the others follow their parents in the models."""
    day = date(2024, 9, 15)
    write_sample(tmp_path / "raw", customers=CUSTOMERS, seed=7, until=day)
    stood = conform(tmp_path / "raw", tmp_path / "stood", day)
    looked_back = conform(rest, tmp_path / "looked_back", day)
    undated = {t.name for p in load_platforms().values() for t in p.tables.values() if not t.happened_at}
    overwritten = {f"{table}.{column}" for _, table, column in unreversible_columns()}
    assert differences(stood, looked_back, frozenset(undated | overwritten)) == {}


def _plural(schema: str, table: str) -> str:
    aliases = load_platforms()[schema].tables
    return f"{table}s" if table in aliases and f"{table}s" in aliases[table].aliases else table


def _as_other_loaders(name: str, kind: str) -> str:
    if name == "_fivetran_synced":
        return "timezone('UTC', _fivetran_synced) as _airbyte_extracted_at"
    if name.endswith("_set") and kind == "VARCHAR":
        shape = '{"shop_money": {"amount": "VARCHAR", "currency_code": "VARCHAR"}}'
        return f'json_transform("{name}", \'{shape}\') as "{name}"'
    if name == "id" and kind == "BIGINT":
        return "cast(id as varchar) || '.0' as id"
    return f'"{name}"'
