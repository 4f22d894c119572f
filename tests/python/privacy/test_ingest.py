"""Raw data of erased people is left out, or stays without them, however often it is delivered again."""

from datetime import datetime, timedelta

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import ingest
from crm_warehouse.journeys.publication import hourly_settings
from crm_warehouse.privacy import vault
from crm_warehouse.privacy.proof import search
from tests.python.privacy.people import REQUESTED_AT, Person, Shop, anywhere


def test_without_erasures_no_view_knows_of_them(shop: Shop) -> None:
    shop.ingest()
    sql = " ".join(row[0] for row in shop.conformed("select sql from duckdb_views() where not internal"))
    assert "conformed_shopify" in sql
    assert "erased" not in sql
    assert not (shop.settings.out / "private").exists()


def test_the_person_goes_and_what_they_did_stays(shop: Shop, person: Person) -> None:
    shop.ingest()
    before = shop.facts()
    assert anywhere(shop, person.email)
    shop.erase_person(person)
    shop.ingest()

    assert shop.facts() == before
    assert anywhere(shop, person.email) == []
    for column, value in {
        'customer_id from conformed_shopify."order"': person.customer_id,
        "id from conformed_shopify.customer": person.customer_id,
        "person_id from conformed_klaviyo.event": f"'{person.profile_id}'",
        "id from conformed_klaviyo.person": f"'{person.profile_id}'",
        "requester_id from conformed_zendesk.ticket": person.requester_id,
        "user_id from conformed_zendesk.ticket_comment": person.requester_id,
    }.items():
        name, _, table = column.partition(" from ")
        assert shop.conformed(f"select count(*) from {table} where {name} = {value}") == [(0,)], column
    words = shop.conformed(
        "select count(*), count(c.body) from conformed_zendesk.ticket_comment as c "
        "inner join conformed_zendesk.ticket as t on c.ticket_id = t.id where t.requester_id is null"
    )
    assert words[0][0] > 0
    assert words[0][1] == 0, "what the person and the agents wrote in their tickets is about them"


def test_what_is_written_down_is_no_value_of_the_person(shop: Shop, person: Person) -> None:
    shop.erase_person(person)
    shop.ingest()
    found = search(shop.settings, [person.email, str(person.customer_id), person.profile_id])
    assert [str(finding) for finding in found.findings] == []
    stones = (shop.settings.out / "private" / "tombstones.jsonl").read_text()
    assert person.email not in stones


def test_nobody_else_loses_anything(shop: Shop, person: Person) -> None:
    shop.ingest()
    count = "select (select count(*) from conformed_shopify.customer), (select count(*) from conformed_klaviyo.person)"
    columns = 'select count(email), count(customer_id) from conformed_shopify."order"'
    theirs = shop.raw(
        f"select count(*) from '{{shopify}}/order.parquet' where customer_id = {person.customer_id}"
    )[0][0]
    people, contacts = shop.conformed(count)[0], shop.conformed(columns)[0]
    shop.erase_person(person)
    shop.ingest()
    assert shop.conformed(count)[0] == (people[0] - 1, people[1] - 1)
    assert shop.conformed(columns)[0][1] == contacts[1] - theirs
    assert (
        contacts[0] - shop.conformed(columns)[0][0] <= theirs + 5
    )  # and guest orders under the same address


def test_a_new_record_under_the_old_address_is_erased_too_and_a_later_one_is_a_new_relationship(
    shop: Shop, person: Person
) -> None:
    shop.rewrite(
        "shopify/customer",
        f"""
        from {{old}} union all by name
        select 9000000000001 as id, upper('{person.email}') || ' ' as email, timestamp '2025-01-01' as created_at,
            timestamp '2026-03-01' as _fivetran_synced
        union all by name
        select 9000000000002 as id, '{person.email}' as email, timestamp '2026-02-01' as created_at,
            timestamp '2026-03-01' as _fivetran_synced
        """,
    )
    shop.erase_person(person)
    shop.ingest()
    ids = shop.conformed(
        "select id from conformed_shopify.customer where id between 9000000000001 and 9000000000002"
    )
    assert ids == [(9000000000002,)]


def test_an_account_that_only_orders_still_name_is_recognised(shop: Shop, person: Person) -> None:
    shop.rewrite("shopify/customer", f"from {{old}} where id <> {person.customer_id}")
    shop.erase(("record", "shopify", "customer", str(person.customer_id)))
    shop.ingest()
    orders = f'select count(*) from conformed_shopify."order" where customer_id = {person.customer_id}'
    assert shop.conformed(orders) == [(0,)]


def test_the_same_id_of_another_source_is_somebody_else(shop: Shop, person: Person) -> None:
    shop.erase(("record", "another_shop", "customer", str(person.customer_id)))
    shop.ingest()
    assert shop.conformed(
        f"select count(*) from conformed_shopify.customer where id = {person.customer_id}"
    ) == [(1,)]


def test_our_own_copies_of_raw_data_are_written_without_the_person(shop: Shop, person: Person) -> None:
    for table in ("customer", "order"):
        shop.rewrite(f"shopify/{table}", "from {old}", suffix="csv")
    # Airbyte's shape: whose event it is lies in a JSON column beside what kind it is.
    shop.rewrite(
        "klaviyo/event",
        "select * exclude (person_id, metric_id), to_json({{'profile': {{'data': {{'id': person_id}}}}, "
        "'metric': {{'data': {{'id': metric_id}}}}}})::varchar as relationships from {old}",
        suffix="csv",
    )
    shop.ingest()
    before = shop.facts()
    assert search(shop.settings, [person.email]).findings
    shop.erase_person(person)
    shop.ingest()
    assert shop.facts() == before
    sought = [person.email, person.profile_id, str(person.customer_id)]
    assert [str(finding) for finding in search(shop.settings, sought).findings] == []
    copies = sorted(path.name for path in shop.settings.ingest_dir.iterdir())
    shop.ingest()
    assert sorted(path.name for path in shop.settings.ingest_dir.iterdir()) == copies
    assert shop.facts() == before


def test_a_lost_or_changed_key_stops_the_build(
    shop: Shop, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.erase_person(person)
    monkeypatch.setenv(vault.KEY_VARIABLE, "another key of sixteen characters")
    with pytest.raises(WarehouseError, match="another key"):
        shop.ingest()
    monkeypatch.delenv(vault.KEY_VARIABLE)
    (shop.settings.out / "private" / "erasure.key").unlink()
    with pytest.raises(WarehouseError, match="key to recognise them is gone"):
        shop.ingest()


def test_what_the_proof_will_look_for_is_only_the_persons_own(shop: Shop, person: Person) -> None:
    shop.erase_person(person)
    vault.save_request(
        shop.settings,
        vault.Request("r", vault.known_tombstones(shop.settings)[0].erased_at, None, build_id="build"),
    )
    came_late = vault.Request("s", datetime(2100, 1, 1), None)
    vault.save_request(shop.settings, came_late)
    shop.ingest()
    request, late = vault.open_requests(shop.settings)
    assert late == came_late
    assert person.email in {value.lower() for value in request.values}
    others = shop.raw(
        "select lower(email) from '{shopify}/customer.parquet' where email is not null and lower(email) <> "
        f"'{person.email}'"
    )
    assert not {value.lower() for value in request.values} & {row[0] for row in others}


def test_an_hourly_run_leaves_people_out_and_the_builds_request_alone(shop: Shop, person: Person) -> None:
    shop.erase_person(person)
    vault.save_request(shop.settings, vault.Request("r", REQUESTED_AT, None, build_id="build"))
    (request,) = (shop.settings.out / "private" / "requests").iterdir()
    before = request.read_bytes()
    own = hourly_settings(shop.settings)
    ingest(own, "hour")
    assert request.read_bytes() == before
    with duckdb.connect(str(own.warehouse_path), read_only=True) as con:
        theirs = "select count(*) from conformed_shopify.customer where id = ?"
        assert con.execute(theirs, [person.customer_id]).fetchall() == [(0,)]


def test_values_of_people_erased_before_are_not_sought_again(shop: Shop, person: Person) -> None:
    shop.erase_person(person)
    later = REQUESTED_AT + timedelta(days=1)
    ((customer_id, email),) = shop.raw(
        "select id, lower(email) from '{shopify}/customer.parquet' where email is not null and lower(email) <> "
        f"'{person.email}' and email not like '%+%' order by id limit 1"
    )
    shop.erase(("record", "shopify", "customer", str(customer_id)), ("email", email), at=later)
    vault.save_request(shop.settings, vault.Request("r", later, None, build_id="build"))
    shop.ingest()
    (request,) = vault.open_requests(shop.settings)
    sought = {value.lower() for value in request.values}
    assert email in sought
    assert person.email not in sought
    assert anywhere(shop, person.email) == []
