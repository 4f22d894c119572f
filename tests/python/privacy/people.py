"""A sample shop and somebody in it, known from the raw files themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.ingest import ingest
from crm_warehouse.privacy import vault
from crm_warehouse.settings import Settings

REQUESTED_AT = datetime(2026, 1, 1)

FACTS = {
    "orders": 'select count(*), sum(total_price), min(processed_at) from conformed_shopify."order"',
    "lines": "select count(*), sum(price * quantity) from conformed_shopify.order_line",
    "refunds": "select count(*) from conformed_shopify.refund",
    "checkouts": "select count(*), sum(total_price) from conformed_shopify.abandoned_checkout",
    "events": "select count(*), max(event_at), count(distinct metric_id) from conformed_klaviyo.event",
    "tickets": "select count(*), max(created_at) from conformed_zendesk.ticket",
    "messages": "select count(*), max(created) from conformed_zendesk.ticket_comment",
    "statuses": "select count(value) from conformed_zendesk.ticket_field_history where field_name = 'status'",
}


@dataclass(frozen=True)
class Person:
    """Somebody with an account, a profile and a ticket, all under one address of their own."""

    email: str
    customer_id: int
    profile_id: str
    requester_id: int


@dataclass
class Shop:
    """Raw files and the warehouse they are ingested into."""

    settings: Settings

    def raw(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the raw files, `{shopify}` and the like standing for their folders."""
        folders = {name: str(self.settings.raw / name) for name in ("shopify", "klaviyo", "zendesk")}
        with duckdb.connect() as con:
            return con.execute(query.format(**folders)).fetchall()

    def rewrite(self, table: str, query: str, suffix: str = "parquet") -> None:
        """Land a raw table again; `{old}` is how it was."""
        path = self.settings.raw / f"{table}.parquet"
        target = path.with_suffix(f".{suffix}")
        with duckdb.connect() as con:
            con.execute("create table t as " + query.format(old=f"'{path}'"))
            path.unlink()
            con.execute(f"copy t to '{target}'{' (header)' if suffix == 'csv' else ''}")

    def ingest(self) -> None:
        ingest(self.settings, "build")

    def conformed(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(query).fetchall()

    def facts(self) -> dict[str, tuple[Any, ...]]:
        return {name: self.conformed(query)[0] for name, query in FACTS.items()}

    def erase(self, *parts: Iterable[str], at: datetime = REQUESTED_AT) -> None:
        stones = [vault.Tombstone(p[0], vault.keyed_hash(self.settings, *p), at) for p in map(tuple, parts)]
        vault.add_tombstones(self.settings, stones)

    def erase_person(self, person: Person) -> None:
        self.erase(
            ("record", "shopify", "customer", str(person.customer_id)),
            ("record", "klaviyo", "profile", person.profile_id),
            ("record", "zendesk", "requester", str(person.requester_id)),
            ("email", person.email),
        )

    def person(self) -> Person:
        """Whoever bought, was mailed and asked, with an address that normalising leaves alone."""
        rows = self.raw(
            """
            select lower(c.email), min(c.id), min(p.id), min(u.id)
            from '{shopify}/customer.parquet' as c
            inner join '{klaviyo}/person.parquet' as p on lower(c.email) = lower(p.email)
            inner join '{zendesk}/user.parquet' as u on lower(c.email) = lower(u.email)
            inner join '{zendesk}/ticket.parquet' as t on t.requester_id = u.id
            inner join '{shopify}/order.parquet' as o on o.customer_id = c.id
            where lower(c.email) not like '%gmail%' and c.email not like '%+%'
            group by 1 having count(distinct c.id) = 1 and count(distinct u.id) = 1 and count(distinct p.id) = 1
            order by 1 limit 1
            """
        )
        return Person(*rows[0])


def anywhere(shop: Shop, value: str) -> list[str]:
    """Conformed tables that show a value."""
    views = shop.conformed(
        "select schema_name, view_name from duckdb_views() where starts_with(schema_name, 'conformed_')"
    )
    return [
        f"{schema}.{view}"
        for schema, view in views
        if shop.conformed(
            f"select 1 from {schema}.\"{view}\" as t where contains(lower(cast(t as varchar)), '{value}') limit 1"
        )
    ]


def folder_copy(source: Path, target: Path) -> Path:
    """Hard links: tests replace files, they never write into them."""
    for path in source.rglob("*"):
        if path.is_file():
            link = target / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
    return target
