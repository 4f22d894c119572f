"""The same shop as Fivetran's GraphQL connector lands it: renamed tables and columns, line totals, flat money.

Each entry maps the GraphQL columns that differ to SQL over the REST columns; `None` drops a REST column.
"""

from crm_warehouse.sample.tables import RawTable

Mapping = dict[str, str | None]

TABLE_NAMES = {"order_line_refund": "refund_line_item", "tax_line": "order_line_tax_line"}
FULFILLMENT = (
    "case fulfillment_status when 'fulfilled' then 'FULFILLED' when 'partial' then 'PARTIALLY_FULFILLED' "
    "else 'UNFULFILLED' end"
)


def _money(rest: str, graphql: str) -> Mapping:
    """A REST amount as the four flat columns of a GraphQL money bag; the shop sells in one currency."""
    return {
        rest: None,
        f"{graphql}_shop_amount": rest,
        f"{graphql}_shop_currency_code": "'EUR'",
        f"{graphql}_pres_amount": rest,
        f"{graphql}_pres_currency_code": "'EUR'",
    }


SHIPPING = "cast(json_extract_string(total_shipping_price_set, '$.shop_money.amount') as double)"
CHANGES: dict[str, Mapping] = {
    "order": {
        "order_number": None, "total_line_items_price": None, "referring_site": None,
        "financial_status": None, "display_financial_status": "upper(financial_status)",
        "fulfillment_status": None, "display_fulfillment_status": FULFILLMENT,
        "cancel_reason": "upper(cancel_reason)",
        "currency": None, "currency_code": "currency",
        "presentment_currency": None, "presentment_currency_code": "presentment_currency",
        "buyer_accepts_marketing": None, "customer_accepts_marketing": "buyer_accepts_marketing",
        **_money("total_discounts", "total_discounts_set"), **_money("subtotal_price", "subtotal_price_set"),
        **_money("total_tax", "total_tax_set"), **_money("total_tip_received", "total_tip_received_set"),
        **_money("total_price", "total_price_set"),
        "total_shipping_price_set": None, "total_shipping_price_set_shop_amount": SHIPPING,
        "total_shipping_price_set_shop_currency_code": "'EUR'",
        "total_shipping_price_set_pres_amount": SHIPPING, "total_shipping_price_set_pres_currency_code": "'EUR'",
    },
    "customer": {
        "_fivetran_deleted": None, "state": "upper(state)",
        "email_marketing_consent_state": "upper(email_marketing_consent_state)",
        "email_marketing_consent_opt_in_level": "upper(email_marketing_consent_opt_in_level)",
        "email_marketing_consent_consent_updated_at": None,
        "email_marketing_consent_updated_at": "email_marketing_consent_consent_updated_at",
    },
    "order_line": {
        "index": None, "fulfillment_status": None,
        "gift_card": None, "is_gift_card": "gift_card",
        "fulfillable_quantity": None, "unfulfilled_quantity": "fulfillable_quantity",
        # A GraphQL line carries its total, not the price of one piece.
        "price": None,
        "original_total_set_shop_amount": "round(price * quantity, 2)",
        "original_total_set_shop_currency_code": "'EUR'",
        "original_total_set_pres_amount": "round(price * quantity, 2)",
        "original_total_set_pres_currency_code": "'EUR'",
        **_money("total_discount", "total_discount_set"),
    },
    "transaction": {
        "currency": None, "source_name": None, "kind": "upper(kind)", "status": "upper(status)",
        "authorization": None, "authorization_code": '"authorization"', **_money("amount", "amount_set"),
    },
    "refund": {
        "processed_at": None, "restock": None, "updated_at": "created_at",
        "total_refunded_set_shop_amount": "amount_c / 100.0::double",
        "total_refunded_set_shop_currency_code": "'EUR'",
        "total_refunded_set_pres_amount": "amount_c / 100.0::double",
        "total_refunded_set_pres_currency_code": "'EUR'",
    },
    "order_line_refund": {
        "restock_type": "upper(restock_type)", "restocked": "true",
        **_money("subtotal", "subtotal_set"), **_money("total_tax", "total_tax_set"),
    },
    "order_adjustment": {
        "order_id": None, "kind": None, **_money("amount", "amount_set"), **_money("tax_amount", "tax_amount_set"),
    },
    "fulfillment": {
        "shipment_status": None, "display_status": "upper(coalesce(shipment_status, 'fulfilled'))",
        "status": "upper(status)", "service": None, "tracking_company": None, "tracking_number": None,
    },
    "fulfillment_event": {"order_id": None, "updated_at": None, "status": "upper(status)"},
    "discount_application": {
        "type": None, "title": None, "description": None, "value_type": None, "value": None,
        "value_percentage": "case value_type when 'percentage' then value end",
        "value_amount": "case value_type when 'fixed_amount' then value end",
        "value_currency_code": "case value_type when 'fixed_amount' then 'EUR' end",
        "allocation_method": "upper(allocation_method)", "target_selection": "upper(target_selection)",
        "target_type": "upper(target_type)",
    },
    "discount_allocation": {
        "amount_set_shop_money_amount": None, "amount_set_shop_money_currency_code": None,
        **_money("amount", "allocated_amount_set"),
    },
    "order_discount_code": {"type": None, "amount": None},
    "order_shipping_line": {
        **_money("price", "original_price_set"), **_money("discounted_price", "discounted_price_set"),
    },
    "tax_line": _money("price", "price_set"),
    "order_shipping_tax_line": {**_money("price", "price_set"), "source": "'shopify'"},
    "abandoned_checkout": {
        "token": None, "email": None, "phone": None, "currency": None, "presentment_currency": None,
        "source_name": None, "closed_at": None, "billing_address_phone": "phone",
        **_money("total_price", "total_price_set"), **_money("subtotal_price", "subtotal_price_set"),
    },
    "product": {"published_scope": None, "status": "upper(status)"},
    "product_variant": {"inventory_policy": "upper(inventory_policy)"},
    "shop": {
        "domain": None, "primary_domain_host": "domain", "currency": None, "currency_code": "currency",
        "country_code": None, "country_name": None, "plan_name": None, "plan_display_name": "plan_name",
        "has_gift_cards": None, "billing_address_country_code_v_2": "country_code",
    },
}  # fmt: skip


def table_name(table: RawTable) -> str:
    """What GraphQL connections created since 2025 call the table."""
    return TABLE_NAMES.get(table.name, table.name)


def reshape(table: RawTable, rest_sql: str) -> str:
    """The REST SELECT, with the columns of the GraphQL shape."""
    changes = CHANGES.get(table.name, {})
    same_name = {name: sql for name, sql in changes.items() if sql and _reads(name, sql)}
    added = {name: sql for name, sql in changes.items() if sql and name not in same_name}
    dropped = [name for name, sql in changes.items() if sql is None]
    exclude = f" exclude ({', '.join(_quoted(dropped))})" if dropped else ""
    replace = ", ".join(f"{sql} as {name}" for name, sql in same_name.items())
    star = f"*{exclude}" + (f" replace ({replace})" if replace else "")
    extra = "".join(f", {sql} as {name}" for name, sql in added.items())
    return f"select {star}{extra} from ({rest_sql})"  # noqa: S608 - both parts are ours


def _reads(name: str, sql: str) -> bool:
    """Whether the column keeps its name and only its spelling changes."""
    return sql == f"upper({name})"


def _quoted(names: list[str]) -> list[str]:
    return [f'"{name}"' for name in names]
