"""Faults of raw data: what a loader, a platform or a person can do to the files of one night."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from pathlib import Path

import duckdb

LIVE_DAY = date(2025, 6, 23)
TONIGHT = date(2025, 6, 30)
# Rows of the week that the live version does not know.
NEW = f"> timestamp '{datetime.combine(LIVE_DAY + timedelta(days=1), time())}'"
MIDDLE = f"> timestamp '{datetime.combine(LIVE_DAY + timedelta(days=4), time())}'"


@dataclass(frozen=True)
class RawFault:
    """One fault.

    Attributes:
        name: What happened.
        table: Where, as `<source>/<table>`.
        rule: Rule that must name it: of the arrival gate, or words of the contract's message.
        change: What it does to the folder of raw tables.
    """

    name: str
    table: str
    rule: str
    change: Callable[[Path], None]


def rewritten(name: str, table: str, rule: str, query: str) -> RawFault:
    """The table's file holds what `query` makes of its `{rows}`."""

    def change(raw: Path) -> None:
        path = raw / f"{table}.parquet"
        with duckdb.connect() as con:
            con.execute(f"create table changed as {query.format(rows=_rows(path), raw=raw)}")
            con.execute(f"copy changed to '{path}' (format parquet)")

    return RawFault(name, table, rule, change)


def several(name: str, rule: str, *parts: RawFault) -> RawFault:
    """One mistake that shows in several tables."""

    def change(raw: Path) -> None:
        for part in parts:
            part.change(raw)

    return RawFault(name, parts[0].table, rule, change)


def second_file(name: str, table: str, rule: str, query: str = "select * from {rows}") -> RawFault:
    """A second file of the table appears beside the first."""

    def change(raw: Path) -> None:
        path = raw / f"{table}.parquet"
        folder = raw / table
        folder.mkdir()
        path.rename(folder / "part_1.parquet")
        first = _rows(folder / "part_1.parquet")
        with duckdb.connect() as con:
            con.execute(
                f"copy ({query.format(rows=first)}) to '{folder / 'part_2.parquet'}' (format parquet)"
            )

    return RawFault(name, table, rule, change)


def removed(name: str, table: str, rule: str) -> RawFault:
    """A file, or a source's whole folder, is not there."""

    def change(raw: Path) -> None:
        folder = raw / table
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            (raw / f"{table}.parquet").unlink()

    return RawFault(name, table, rule, change)


def truncated(name: str, table: str, rule: str) -> RawFault:
    """The loader is still writing."""

    def change(raw: Path) -> None:
        path = raw / f"{table}.parquet"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return RawFault(name, table, rule, change)


def misread(column: str) -> str:
    """SQL: the text in `column` with the bytes of its UTF-8 taken for letters of Latin-1."""
    letters = "ßàáâãäåçèéêëìíîïñòóôõöøùúûüýÄÅÉÖØÜčšžłńśźżę"
    return reduce(
        lambda value, letter: f"replace({value}, '{letter}', '{letter.encode().decode('latin-1')}')",
        letters,
        column,
    )


def _rows(path: Path) -> str:
    return f"read_parquet('{path}')"


FAULTS = [
    # -- the contract -----------------------------------------------------------------------------------------
    removed("a required table is missing", "shopify/order", "required table"),
    rewritten(
        "a required column was renamed",
        "shopify/order_line",
        "required column",
        "select * rename (order_id as order_nr) from {rows}",
    ),
    rewritten(
        "amounts arrive as text with a comma",
        "shopify/order_line",
        "are not decimal",
        "select * replace (replace(cast(price as varchar), '.', ',') as price) from {rows}",
    ),
    truncated("a file is cut off", "klaviyo/event", "not a complete Parquet file"),
    rewritten(
        "rows without a key",
        "zendesk/ticket",
        "have no key",
        "select * replace (case when id % 7 = 0 then null else id end as id) from {rows}",
    ),
    rewritten(
        "one key, two contents, one load",
        "shopify/customer",
        "different content and the same load time",
        "select * from {rows} union all select * replace ('Other' as first_name) from {rows} where id % 50 = 0",
    ),
    rewritten(
        "lines of orders that never came",
        "shopify/order",
        "rule orphan",
        "select * from {rows} where hash(id) % 10 < 7",
    ),
    rewritten(
        "prices with the wrong sign",
        "shopify/order_line",
        "rule out_of_range",
        "select * replace (-price as price) from {rows}",
    ),
    rewritten(
        "a typing error in the year",
        "shopify/order",
        "rule later_than_load",
        "select * replace (case when id % 20 = 0 then processed_at + interval 80 year else processed_at end "
        "as processed_at) from {rows}",
    ),
    rewritten(
        "empty dates written as zero",
        "zendesk/ticket",
        "rule implausible_date",
        "select * replace (case when id % 5 = 0 then timestamp '1970-01-01' else created_at end as created_at) "
        "from {rows}",
    ),
    rewritten(
        "new orders in a currency without a rate",
        "shopify/order",
        "USD",
        f"select * replace (case when processed_at {NEW} then 'USD' else currency end as currency) from {{rows}}",
    ),
    # -- volume and freshness ---------------------------------------------------------------------------------
    rewritten(
        "40 % of an e-mail table is gone",
        "klaviyo/event",
        "arrival_the_past_stays_complete",
        "select * from {rows} where hash(id) % 10 < 6",
    ),
    rewritten(
        "one month's file is missing",
        "klaviyo/event",
        "arrival_the_past_stays_complete",
        "select * from {rows} where date_trunc('month', datetime) <> date '2024-03-01'",
    ),
    rewritten(
        "no new event in a week",
        "klaviyo/event",
        "arrival_new_rows_come_as_usual",
        f"select * from {{rows}} where not datetime {NEW}",
    ),
    rewritten(
        "the e-mail event stream stops half-way",
        "klaviyo/event",
        "arrival_new_rows_come_as_usual",
        f"select * from {{rows}} where not datetime {MIDDLE}",
    ),
    several(
        "the shop's loader stopped",
        "arrival_new_rows_come_as_usual",
        *[
            rewritten("", f"shopify/{table}", "", f"select * from {{rows}} where not {column} {NEW}")
            for table, column in (
                ("order", "processed_at"),
                ("transaction", "processed_at"),
                ("fulfillment", "created_at"),
                ("fulfillment_event", "happened_at"),
                ("abandoned_checkout", "created_at"),
                ("refund", "processed_at"),
            )
        ],
        *[
            rewritten(
                "",
                f"shopify/{table}",
                "",
                f"select * from {{rows}} where {column} in (select id from '{{raw}}/shopify/{parent}.parquet')",
            )
            for table, column, parent in (
                ("order_line", "order_id", "order"),
                ("order_line_refund", "refund_id", "refund"),
            )
        ],
    ),
    several(
        "the helpdesk connector lost its permission",
        "arrival_sources_are_fresh",
        rewritten("", "zendesk/ticket", "", f"select * from {{rows}} where not created_at {NEW}"),
        rewritten("", "zendesk/ticket_comment", "", f"select * from {{rows}} where not created {NEW}"),
        rewritten("", "zendesk/ticket_field_history", "", f"select * from {{rows}} where not updated {NEW}"),
        rewritten("", "zendesk/user", "", f"select * from {{rows}} where not created_at {NEW}"),
    ),
    rewritten(
        "a retry loop stores checkouts again and again",
        "shopify/abandoned_checkout",
        "arrival_new_rows_are_not_a_flood",
        "select * from {rows} union all select * exclude (i) replace (id + i as id) "
        f"from {{rows}}, range(1, 3000) as t (i) where created_at {NEW}",
    ),
    removed("a source's folder was renamed", "klaviyo", "arrival_sources_stay_connected"),
    removed(
        "an optional table is no longer synchronised", "shopify/fulfillment", "arrival_sources_stay_connected"
    ),
    # -- the same thing twice ---------------------------------------------------------------------------------
    second_file(
        "the refund file is delivered twice", "shopify/order_line_refund", "arrival_files_are_delivered_once"
    ),
    second_file(
        "the refund file is delivered twice under new ids",
        "shopify/order_line_refund",
        "arrival_rows_do_not_repeat",
        "select * replace (id + 1 as id) from {rows}",
    ),
    rewritten(
        "profiles are imported a second time",
        "klaviyo/person",
        "arrival_rows_do_not_repeat",
        "select * from {rows} union all select * replace (id || 'x' as id) from {rows}",
    ),
    rewritten(
        "another shop's history is imported",
        "shopify/abandoned_checkout",
        "arrival_the_past_does_not_grow",
        "select * from {rows} union all "
        "select * exclude (i) replace (id + i as id, total_price + i as total_price) from {rows}, "
        "range(1, 9) as t (i) where created_at between timestamp '2024-01-01' and timestamp '2024-07-01'",
    ),
    # -- history rewritten ------------------------------------------------------------------------------------
    rewritten(
        "all clocks of one source are two hours off",
        "klaviyo/event",
        "arrival_facts_are_not_rewritten",
        "select * replace (datetime - interval 2 hour as datetime) from {rows}",
    ),
    rewritten(
        "all prices times 100",
        "shopify/order_line",
        "arrival_facts_are_not_rewritten",
        "select * replace (price * 100 as price) from {rows}",
    ),
    several(
        "the helpdesk numbers everything from 1 again",
        "arrival_records_keep_their_ids",
        rewritten(
            "", "zendesk/ticket", "", "select * replace (row_number() over (order by id) as id) from {rows}"
        ),
        rewritten(
            "",
            "zendesk/ticket_comment",
            "",
            "select * replace (row_number() over (order by id) as id, "
            "dense_rank() over (order by ticket_id) as ticket_id) from {rows}",
        ),
    ),
    rewritten(
        "two columns are swapped",
        "shopify/customer",
        "arrival_facts_are_not_rewritten",
        "select * replace (first_name as last_name, last_name as first_name) from {rows}",
    ),
    rewritten(
        "a currency is relabelled",
        "shopify/transaction",
        "arrival_facts_are_not_rewritten",
        "select * replace ('USD' as currency) from {rows}",
    ),
    rewritten(
        "the addresses of profiles are shifted by a row",
        "klaviyo/person",
        "arrival_facts_are_not_rewritten",
        "select * replace (coalesce(lead(email) over (order by id), email) as email) from {rows}",
    ),
    # -- new rows unlike the old ones -------------------------------------------------------------------------
    rewritten(
        "new prices arrive in cents",
        "shopify/order_line",
        "arrival_values_keep_their_scale",
        "select * replace (case when order_id in ("
        f"select id from '{{raw}}/shopify/order.parquet' where processed_at {NEW}"
        ") then price * 100 else price end as price) from {rows}",
    ),
    rewritten(
        "new checkouts are numbered from 1",
        "shopify/abandoned_checkout",
        "arrival_ids_keep_growing",
        f"select * replace (case when created_at {NEW} then row_number() over (order by id) else id end as id) "
        "from {rows}",
    ),
    rewritten(
        "new orders have number and e-mail address swapped",
        "shopify/order",
        "arrival_values_keep_their_scale",
        f"select * replace (case when processed_at {NEW} then email else name end as name, "
        f"case when processed_at {NEW} then name else email end as email) from {{rows}}",
    ),
    rewritten(
        "payment statuses arrive in capitals",
        "shopify/order",
        "arrival_words_are_known",
        f"select * replace (case when processed_at {NEW} then upper(financial_status) else financial_status end "
        "as financial_status) from {rows}",
    ),
    rewritten(
        "every new order is voided",
        "shopify/order",
        "arrival_words_keep_their_share",
        f"select * replace (case when processed_at {NEW} then 'voided' else financial_status end as financial_status) "
        "from {rows}",
    ),
    rewritten(
        "new orders are read in another encoding",
        "shopify/order",
        "arrival_texts_are_readable",
        f"select * replace (case when processed_at {NEW} then {misread('shipping_address_city')} "
        "else shipping_address_city end as shipping_address_city) from {rows}",
    ),
    rewritten(
        "new orders come without an e-mail address",
        "shopify/order",
        "arrival_columns_stay_filled",
        f"select * replace (case when processed_at {NEW} then null else email end as email) from {{rows}}",
    ),
    rewritten(
        "new orders are flagged as tests",
        "shopify/order",
        "arrival_values_keep_their_scale",
        f"select * replace (processed_at {NEW} as test) from {{rows}}",
    ),
    rewritten(
        "every new order is cancelled",
        "shopify/order",
        "arrival_values_keep_their_scale",
        f"select * replace (case when processed_at {NEW} then processed_at + interval 1 hour else cancelled_at end "
        "as cancelled_at) from {rows}",
    ),
    rewritten(
        "new orders name the customer of another order",
        "shopify/order",
        "arrival_values_keep_their_scale",
        f"select * replace (case when processed_at {NEW} then lag(customer_id, 3) over (order by id) "
        "else customer_id end as customer_id) from {rows}",
    ),
    several(
        "new clocks of one source are seven hours off",
        "arrival_clocks_are_right",
        *[
            rewritten(
                "",
                f"shopify/{table}",
                "",
                f"select * replace (case when {column} {NEW} then {column} - interval 7 hour else {column} end "
                f"as {column}) from {{rows}}",
            )
            for table, column in (
                ("order", "processed_at"),
                ("transaction", "processed_at"),
                ("fulfillment", "created_at"),
                ("fulfillment_event", "happened_at"),
                ("abandoned_checkout", "created_at"),
            )
        ],
    ),
]
