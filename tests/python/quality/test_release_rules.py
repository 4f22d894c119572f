"""Rules that compare a candidate with the live version, on tables of the columns that they read."""

from collections.abc import Iterator

import duckdb
import pytest

from crm_warehouse.quality.rules import candidate_rules

# What scored, its error and the formula's on the latest origin, and why it was chosen.
Quality = tuple[str, float, float, str]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as live")
        yield connection


def write_version(con: duckdb.DuckDBPyConnection, schema: str, quality: Quality, scale: float) -> None:
    candidate, error, formula_error, reason = quality
    con.execute(
        f"create or replace table {schema}.warehouse_version as select date '2024-12-31' as as_of_date"
    )
    con.execute(
        f"""
        create or replace table {schema}.customer_360 as
        select i as customer_key, pow(i / 500, {scale}) as churn_probability, i * {scale} as predicted_orders,
            i as predicted_revenue
        from range(500) as numbers (i);
        create or replace table {schema}.customer_clv as select 365 as clv_horizon_days;
        create or replace table {schema}.customer_churn as select 90 as churn_horizon_days;
        create or replace table {schema}.clv_model_quality as
        select horizon_days, origin_role, candidate, error as orders_mae, error as brier, $reason as choice_reason
        from (values
            ('in_force', $candidate, null), ('release', $candidate, {error}), ('release', 'mbg_nbd', 0.2),
            ('release', 'formula', {formula_error})
        ) as quality (origin_role, candidate, error) cross join (values (90), (365)) as horizons (horizon_days)
        """,
        {"reason": reason, "candidate": candidate},
    )


MODEL: Quality = ("mbg_nbd", 0.2, 0.3, "by default")


@pytest.mark.parametrize(
    ("now", "was", "is_refused"),
    [
        (MODEL, MODEL, True),
        (("mbg_nbd+season", 0.19, 0.3, "beat mbg_nbd"), MODEL, False),
        (("mbg_nbd+season", 0.21, 0.3, "beat mbg_nbd"), MODEL, True),
        (("formula", 0.1, 0.1, "no purchase model: a slope"), MODEL, True),
        (MODEL, ("formula", 0.3, 0.3, "no purchase model: too few"), False),
    ],
    ids=["same_model", "better_model", "worse_model", "fell_back", "first_model"],
)
def test_scores_may_only_move_as_a_whole_with_a_model_that_proved_itself(
    con: duckdb.DuckDBPyConnection, now: Quality, was: Quality, is_refused: bool
) -> None:
    rule = next(r for r in candidate_rules({}, []) if r.name == "release_scores_keep_their_distribution")
    query = rule.arguments["query"].replace("{batch}", "customer_360")
    write_version(con, "live", was, scale=1.0)
    write_version(con, "main", now, scale=1.0)
    assert con.execute(query).fetchall() == []
    write_version(con, "main", now, scale=3.0)
    found = {subject for subject, _ in con.execute(query).fetchall()}
    assert found == ({"churn_probability", "predicted_orders"} if is_refused else set())
