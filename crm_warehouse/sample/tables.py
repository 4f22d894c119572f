"""Which raw tables a sample has, what orders their rows, and which of their columns change in place.

The columns themselves are in `sql/<platform>/<table>.sql`.
"""

from dataclasses import dataclass
from pathlib import Path

from crm_warehouse.sample.config import Shape

SQL_DIR = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class RawTable:
    """One raw table.

    Attributes:
        key: Columns that identify a row, and order rows of the same second.
        overwritten: Columns that later events change in place; all others never change once written.
        hidden: Columns the SQL computes for other columns only.
        once: The table does not depend on people: it is written with the first chunk only.
        optional: Left out of lean samples.
        lean_without: Columns left out of lean samples (REST shape only).
        only: The Shopify shape that has the table; None for both.
    """

    platform: str
    name: str
    key: tuple[str, ...] = ("id",)
    overwritten: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    once: bool = False
    optional: bool = False
    lean_without: tuple[str, ...] = ()
    only: Shape | None = None

    @property
    def sql(self) -> str:
        """The SELECT that makes it."""
        return (SQL_DIR / self.platform.removeprefix("_") / f"{self.name}.sql").read_text()


SYNCED = ("_fivetran_synced",)
# Who an order was shipped to tells little beside who paid for it.
SHIPPING_ADDRESS = tuple(
    f"shipping_address_{part}"
    for part in ("first_name", "last_name", "address_1", "city", "zip", "province", "province_code", "country",
                 "country_code", "phone")
)  # fmt: skip
SHOPIFY = (
    RawTable("shopify", "order",
        overwritten=("updated_at", "closed_at", "cancelled_at", "cancel_reason", "financial_status",
                     "fulfillment_status", *SYNCED),
        lean_without=("name", "order_number", "processed_at", "closed_at", "total_line_items_price",
                      "presentment_currency", "confirmed", "location_id", "buyer_accepts_marketing",
                      "referring_site", "billing_address_province", "billing_address_province_code",
                      "billing_address_country", "_fivetran_deleted", *SHIPPING_ADDRESS)),
    RawTable("shopify", "order_line",
        overwritten=("fulfillable_quantity", "fulfillment_status", *SYNCED),
        lean_without=("index", "name", "requires_shipping", "taxable", "fulfillable_quantity",
                      "fulfillment_status", "vendor", "variant_title")),
    RawTable("shopify", "customer", overwritten=(
        "orders_count", "total_spent", "email_marketing_consent_state", "email_marketing_consent_opt_in_level",
        "email_marketing_consent_consent_updated_at", "updated_at", *SYNCED)),
    RawTable("shopify", "customer_address", only="graphql"),
    RawTable("shopify", "transaction", lean_without=(
        "created_at", "error_code", "authorization", "payment_credit_card_company", "source_name")),
    RawTable("shopify", "refund", hidden=("amount_c",)),
    RawTable("shopify", "order_line_refund"),
    RawTable("shopify", "order_adjustment"),
    RawTable("shopify", "fulfillment",
        overwritten=("shipment_status", "updated_at", *SYNCED),
        lean_without=("name", "location_id", "service", "tracking_number")),
    RawTable("shopify", "fulfillment_event", optional=True),
    RawTable("shopify", "discount_application", key=("order_id", "index")),
    RawTable("shopify", "discount_allocation", key=("order_line_id", "index"), lean_without=(
        "amount_set_shop_money_amount", "amount_set_shop_money_currency_code")),
    RawTable("shopify", "order_discount_code", key=("order_id", "index")),
    RawTable("shopify", "order_shipping_line", optional=True),
    RawTable("shopify", "tax_line", key=("order_line_id", "index"), optional=True),
    RawTable("shopify", "order_shipping_tax_line", key=("order_shipping_line_id", "index"), optional=True),
    RawTable("shopify", "abandoned_checkout",
        overwritten=("updated_at", "completed_at", "closed_at", *SYNCED),
        lean_without=("token", "name", "presentment_currency", "source_name", "closed_at",
                      "billing_address_country_code")),
    RawTable("shopify", "product", overwritten=("title", "status", "updated_at", *SYNCED), once=True),
    RawTable("shopify", "product_variant",
        overwritten=("price", "inventory_quantity", "updated_at", *SYNCED), hidden=("changed_s",), once=True),
    RawTable("shopify", "inventory_item", once=True),
    RawTable("shopify", "shop", once=True),
    RawTable("shopify", "location", once=True, only="rest"),
)  # fmt: skip
KLAVIYO = (
    RawTable(
        "klaviyo",
        "event",
        lean_without=(
            "datetime",
            "type",
            "flow_message_id",
            "property_client_type",
            "property_bounce_type",
            "property_price",
            "property_page",
            "_fivetran_deleted",
        ),
    ),
    RawTable(
        "klaviyo",
        "person",
        overwritten=(
            "subscriptions_email_marketing_consent",
            "subscriptions_email_marketing_timestamp",
            "updated",
            "last_event_date",
            *SYNCED,
        ),
    ),
    RawTable("klaviyo", "global_exclusion", key=("person_id",)),
    RawTable("klaviyo", "campaign", overwritten=("status", "sent_at", "updated", *SYNCED), once=True),
    RawTable("klaviyo", "flow", once=True),
    RawTable("klaviyo", "metric", once=True),
)
ZENDESK = (
    RawTable("zendesk", "user"),
    RawTable("zendesk", "ticket", overwritten=("status", "assignee_id", "updated_at", *SYNCED)),
    RawTable("zendesk", "ticket_comment", lean_without=("voice_comment", "facebook_comment", "tweet")),
    RawTable("zendesk", "ticket_field_history", key=("ticket_id", "step"), hidden=("step",)),
    RawTable("zendesk", "ticket_tag", key=("ticket_id", "tag"), optional=True),
    RawTable("zendesk", "group", once=True),
    RawTable("zendesk", "brand", once=True),
    RawTable("zendesk", "organization", once=True),
)  # fmt: skip
FEEDBACK = (RawTable("feedback", "answer", optional=True),)
TRUTH = (
    RawTable("_truth", "records", key=("record_key",)),
    RawTable("_truth", "people", key=("person_id",)),
    RawTable("_truth", "orders", key=("order_id",)),
)
TABLES = SHOPIFY + KLAVIYO + ZENDESK + FEEDBACK + TRUTH
