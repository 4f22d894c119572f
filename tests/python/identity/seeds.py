"""Identity's seeds in a plain DuckDB connection, typed as dbt loads them."""

import duckdb
import yaml

from crm_warehouse.settings import PROJECT_DIR

SEEDS = PROJECT_DIR / "seeds"


def load_seed(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create the table `name` from its CSV file and the column types of its YAML."""
    declared = yaml.safe_load((SEEDS / "_identity__seeds.yml").read_text())["seeds"]
    types = next(seed["config"]["column_types"] for seed in declared if seed["name"] == name)
    columns = ", ".join(f"cast({column} as {data_type}) as {column}" for column, data_type in types.items())
    con.execute(
        f"create table {name} as select {columns} from read_csv('{SEEDS / name}.csv', all_varchar = true)"
    )
