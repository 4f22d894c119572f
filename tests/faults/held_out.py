"""Faults written after the rules, different in kind and place, to measure how general the rules are.

What came of them is in docs/quality.md.
"""

from tests.faults.model_faults import ModelFault
from tests.faults.raw_faults import NEW, RawFault, removed, rewritten, second_file, several

ANY = ""

RAW_FAULTS: list[RawFault] = [
    rewritten(
        "the newest year of refunds lost its tax",
        "shopify/order_line_refund",
        ANY,
        "select * replace (null as total_tax) from {rows}",
    ),
    rewritten(
        "postal codes lost their leading zeros",
        "shopify/order",
        ANY,
        "select * replace (ltrim(billing_address_zip, '01') as billing_address_zip) from {rows}",
    ),
    rewritten(
        "every customer has the same e-mail address",
        "shopify/customer",
        ANY,
        "select * replace ('shop@example.com' as email) from {rows}",
    ),
    rewritten(
        "tickets are assigned to other requesters",
        "zendesk/ticket",
        ANY,
        "select * replace (lag(requester_id, 5, requester_id) over (order by id) as requester_id) from {rows}",
    ),
    rewritten(
        "quantities became prices",
        "shopify/order_line",
        ANY,
        "select * replace (cast(ceil(price) as bigint) as quantity) from {rows}",
    ),
    rewritten(
        "discounts are reported ten times",
        "shopify/discount_allocation",
        ANY,
        "select * replace (amount * 10 as amount) from {rows}",
    ),
    rewritten(
        "suppressed profiles are gone",
        "klaviyo/global_exclusion",
        ANY,
        "select * from {rows} where false",
    ),
    rewritten(
        "profiles are truncated at a page of the export",
        "klaviyo/person",
        ANY,
        "select * from {rows} order by id limit 500",
    ),
    rewritten(
        "machine opens are no longer marked",
        "klaviyo/event",
        ANY,
        "select * replace (null as property_client_name, null as property_client_type) from {rows}",
    ),
    rewritten(
        "events have the metric of another",
        "klaviyo/event",
        ANY,
        "select * replace (case metric_id when 'MET001' then 'MET002' when 'MET002' then 'MET001' else metric_id end "
        "as metric_id) from {rows}",
    ),
    rewritten(
        "every open of the last week is a click",
        "klaviyo/event",
        ANY,
        f"select * replace (case when datetime {NEW} then 'MET002' else metric_id end as metric_id) from {{rows}}",
    ),
    rewritten(
        "successful payments of the week failed",
        "shopify/transaction",
        ANY,
        f"select * replace (case when processed_at {NEW} then 'failure' else status end as status) from {{rows}}",
    ),
    second_file(
        "yesterday's orders come again as drafts under new ids",
        "shopify/order",
        ANY,
        "select * replace (id + 7 as id) from {rows}",
    ),
    removed("the table of profiles is missing", "klaviyo/person", ANY),
    several(
        "the export is of another shop",
        ANY,
        rewritten("", "shopify/customer", "", "select * replace (id + 1000000007 as id) from {rows}"),
        rewritten(
            "", "shopify/order", "", "select * replace (customer_id + 1000000007 as customer_id) from {rows}"
        ),
    ),
    rewritten(
        "comments lost their authors",
        "zendesk/ticket_comment",
        ANY,
        f"select * replace (case when created {NEW} then null else user_id end as user_id) from {{rows}}",
    ),
    rewritten(
        "prices hold the tax once more",
        "shopify/order_line",
        ANY,
        "select * replace (price * 1.19 as price) from {rows}",
    ),
    rewritten(
        "the export keeps one year",
        "shopify/order",
        ANY,
        "select * from {rows} where created_at > timestamp '2024-06-30'",
    ),
    rewritten(
        "all tickets are open again",
        "zendesk/ticket",
        ANY,
        "select * replace ('open' as status) from {rows}",
    ),
    rewritten(
        "half of the products are gone",
        "shopify/product",
        ANY,
        "select * from {rows} where hash(id) % 2 = 0",
    ),
    rewritten(
        "event times are dates",
        "klaviyo/event",
        ANY,
        "select * replace (date_trunc('day', datetime) as datetime) from {rows}",
    ),
    rewritten(
        "refunds of the week are of other orders",
        "shopify/refund",
        ANY,
        f"select * replace (case when created_at {NEW} then lag(order_id, 3) over (order by id) else order_id end "
        "as order_id) from {rows}",
    ),
    second_file(
        "all customers come a second time under new ids",
        "shopify/customer",
        ANY,
        "select * replace (id + 555000000 as id) from {rows}",
    ),
    rewritten(
        "thirty families share all e-mail addresses",
        "shopify/customer",
        ANY,
        "select * replace ('home' || (id % 30) || '@family.example' as email) from {rows}",
    ),
]

MODEL_FAULTS: list[ModelFault] = [
    ModelFault(
        "the time zone of order days is wrong",
        "int_orders_resolved",
        ANY,
        ANY,
        "select * replace (cast(order_date + interval 1 day as date) as order_date) from {model}",
    ),
    ModelFault(
        "support is joined to nobody",
        "int_customer_support_summarized",
        ANY,
        ANY,
        "select * from {model} where false",
    ),
    ModelFault(
        "every customer is a champion",
        "int_customer_rfm_scored",
        ANY,
        ANY,
        "select * replace (5 as recency_score, 5 as frequency_score, 5 as monetary_score) from {model}",
    ),
    ModelFault(
        "products lose their types",
        "stg_shopify__products",
        ANY,
        ANY,
        "select * replace (cast(null as varchar) as product_type) from {model}",
    ),
    ModelFault(
        "p(alive) stands for churn",
        "int_clv_customers_scored",
        ANY,
        ANY,
        "select * replace (p_alive as churn_probability) from {model}",
    ),
    ModelFault(
        "names and cities swap places",
        "customers",
        ANY,
        ANY,
        "select * replace (city as first_name, first_name as city) from {model}",
    ),
    ModelFault(
        "site events are counted as opens",
        "int_profile_messages_summarized",
        ANY,
        ANY,
        "select * replace (email_opened_count * 3 as email_opened_count) from {model}",
    ),
    ModelFault(
        "predicted revenue is a constant",
        "int_clv_customers_scored",
        ANY,
        ANY,
        "select * replace (cast(80 as decimal(18, 4)) as predicted_spend) from {model}",
    ),
    ModelFault(
        "everybody is a VIP",
        "int_customer_segments_assigned",
        ANY,
        ANY,
        "select * replace (coalesce(segment_keys || ',vip', 'vip') as segment_keys) from {model} "
        "where not contains(coalesce(segment_keys, ''), 'vip') "
        "union all select * from {model} where contains(segment_keys, 'vip')",
    ),
    ModelFault(
        "attributions fan out",
        "order_attributions",
        ANY,
        ANY,
        "select * replace (order_key + 1000000000000 * copy.number as order_key) from {model} "
        "cross join range(2) as copy (number)",
    ),
    ModelFault(
        "nobody looks at products",
        "int_customer_site_events_summarized",
        ANY,
        ANY,
        "select * replace (cast(0 as bigint) as product_view_count) from {model}",
    ),
    ModelFault(
        "everybody is recommended one product that nobody sells",
        "customer_next_products",
        ANY,
        ANY,
        "select * replace (cast(1 as bigint) as product_key) from {model}",
    ),
    ModelFault(
        "units cost nothing",
        "int_order_lines_priced",
        ANY,
        ANY,
        "select * replace (cast(0 as decimal(18, 4)) as unit_cost_amount) from {model}",
    ),
    ModelFault(
        "last purchases are first purchases",
        "int_customer_orders_summarized",
        ANY,
        ANY,
        "select * replace (first_purchase_date as last_purchase_date) from {model}",
    ),
    ModelFault(
        "carts are joined to nobody",
        "int_customer_carts_summarized",
        ANY,
        ANY,
        "select * from {model} where false",
    ),
    ModelFault(
        "nobody has a loyalty tier",
        "int_customer_loyalty_assigned",
        ANY,
        ANY,
        "select * replace (cast(null as varchar) as loyalty_tier) from {model}",
    ),
]
