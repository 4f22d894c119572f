"""Who is who, on labelled records: what the rules must reach, so that a change that worsens them is noticed.

The models run as they are, rendered for DuckDB, over the data set in the shape of the entity contracts; only the
graph step is scipy's here, which test_connected_components.py shows to be the same.
"""

from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from crm_warehouse.settings import PROJECT_DIR
from tests.python.identity.seeds import load_seed
from tests.python.sql_subset import rendered

Connection = duckdb.DuckDBPyConnection

PERSON = "email, phone, first_name, last_name"
ADDRESS = "address1 as address_line, city, region, postcode as postal_code, country as country_code"
CONTRACTS = {
    "int_customers_unioned": f"""
        select record_id as record_key, source as source_name, source as platform, customer_id, created_at,
            {PERSON}, {ADDRESS}
        from labelled where source = 'store'""",
    "int_orders_unioned": f"""
        select record_id as order_key, source as source_name, source as platform, record_id as order_id,
            cast(null as text) as customer_record_key, created_at as ordered_at, {PERSON}, {ADDRESS}
        from labelled where source in ('store_guest', 'pos')""",
    "int_checkouts_unioned": f"""
        select record_id as checkout_key, source as source_name, source as platform, record_id as checkout_id,
            cast(null as text) as customer_record_key, created_at as started_at, {PERSON}
        from labelled where false""",
    "int_profiles_unioned": f"""
        select record_id as record_key, source as source_name, source as platform, record_id as profile_id,
            created_at, {PERSON}, {ADDRESS}
        from labelled where source = 'email'""",
    "int_requesters_unioned": """
        select record_id as record_key, source as source_name, source as platform, record_id as requester_id,
            created_at, email, phone, nullif(trim(concat_ws(' ', first_name, last_name)), '') as full_name
        from labelled where source = 'support'""",
}
BEFORE_COMPONENTS = [
    "int_identity_records_unioned",
    "int_identity_records_normalized",
    "int_identifiers",
    "int_identifiers_guarded",
    "int_identity_edges",
]


def build(con: Connection, model: str) -> None:
    sql = (PROJECT_DIR / "models" / "intermediate" / "identity" / f"{model}.sql").read_text()
    con.execute(f"create table {model} as {rendered(sql, engine='duckdb')}")


def build_components(con: Connection) -> None:
    edges = np.array(con.execute("select left_node_id, right_node_id from int_identity_edges").fetchall())
    size = int(edges.max()) + 1
    adjacency = coo_array((np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(size, size))
    nodes = np.unique(edges)
    labels = connected_components(adjacency, directed=False)[1][nodes].astype(np.int64)
    # Labels count from 0 and would collide with the numbers of nodes that have no edge.
    con.register("labels", {"node_id": nodes, "component_id": -labels - 1})
    con.execute("create table int_identity_components as select node_id, component_id from labels")


@pytest.fixture(scope="module")
def resolved(shared_data: Path) -> Connection:
    """The labelled shop with a customer for each record."""
    labelled = shared_data / "identity" / "ecom_25k.parquet"
    if not labelled.exists():
        pytest.skip(f"labelled records not found at {labelled} (CRM_SHARED_DATA)")
    con = duckdb.connect()
    con.execute(f"create view labelled as select * from '{labelled}'")
    load_seed(con, "phone_countries")
    load_seed(con, "blocked_identifiers")
    for contract, sql in CONTRACTS.items():
        con.execute(f"create table {contract} as {sql}")
    for model in BEFORE_COMPONENTS:
        build(con, model)
    build_components(con)
    build(con, "int_customers_resolved")
    return con


def pair_count(con: Connection, keys: str) -> int:
    """Pairs of records that agree in `keys`."""
    query = f"""
        select sum(records * (records - 1) // 2) from (
            select count(*) as records from labelled
            join int_customers_resolved on labelled.record_id = int_customers_resolved.record_key
            group by {keys}
        )
    """
    return int(con.execute(query).fetchall()[0][0])


def test_pairs_are_precise_and_most_of_them_are_found(resolved: Connection) -> None:
    agreed = pair_count(resolved, "customer_key, entity_id")
    precision = agreed / pair_count(resolved, "customer_key")
    recall = agreed / pair_count(resolved, "entity_id")
    assert precision > 0.985
    assert 2 * precision * recall / (precision + recall) > 0.825


def test_no_shared_address_or_front_desk_makes_one_customer_of_many(resolved: Connection) -> None:
    query = "select count(*) as records from int_customers_resolved group by customer_key order by records desc limit 1"
    largest_true = 10
    assert resolved.execute(query).fetchall()[0][0] < 2 * largest_true
