"""Every key figure asked of the published facts directly: written by hand, so that a definition cannot prove itself.

`{period}` is day or month, `{klaviyo}` the folder of raw events (the marts keep customers, not the profiles that open).
"""

_TOUCHES = """
    select
        e.person_id, e.campaign_id, e.flow_id, cast(e.timestamp as date) as touched_on
    from '{klaviyo}/event.parquet' as e
    inner join '{klaviyo}/metric.parquet' as m on e.metric_id = m.id
    where m.name = '%s Email' and coalesce(e.property_client_name, '') not like 'Apple Mail Privacy%%'
"""
_FIRST_TOUCHES = """
    select min(touched_on) as counted_on from ({touches}) where campaign_id is not null group by person_id, campaign_id
    union all
    select touched_on from ({touches}) where campaign_id is null group by person_id, flow_id, touched_on
"""


def _first_touches(event: str) -> str:
    return f"({_FIRST_TOUCHES.replace('{touches}', _TOUCHES % event)})"


_MAILS = "(select *, cast(occurred_at as date) as event_date from message_events where channel = 'email')"
_VISITS = """(
    select customer_key, cast(occurred_at as date) as visit_date, event_type
    from customer_events where event_type like 'site_%'
)"""
_BUYING_VISITS = f"""(
    select v.customer_key, v.visit_date from {_VISITS} as v
    inner join orders as o on o.customer_key = v.customer_key and o.order_date = v.visit_date and o.is_counted
)"""
_LAST_CLICKS = """(
    select o.order_key, any_value(o.order_date) as order_date, any_value(o.sales_amount) as sales_amount
    from orders as o inner join message_events as e on o.customer_key = e.customer_key
    where o.is_counted and e.event_type = 'clicked' and e.message_key is not null
    and e.occurred_at between o.ordered_at - interval 5 day and o.ordered_at
    group by o.order_key
)"""
_TICKETS = "(select *, cast(ticket_opened_at as date) as opened_on from tickets)"
_BUYERS = """(
    select customer_key, min(order_date) as first_date, any_value(total_value) as total_value
    from orders inner join customer_clv using (customer_key) where is_purchase group by customer_key
)"""
# A customer is active on the day of an order and 90 days after it.
_ACTIVE = """(
    select m.month_start, o.customer_key, f.first_date
    from (
        select calendar_date as month_start, {day} as day
        from calendar, warehouse_version where day_of_month = 1 and calendar_date <= as_of_date
    ) as m
    inner join orders as o on o.is_counted and o.order_date between m.day - 90 and m.day
    inner join (
        select customer_key, min(order_date) as first_date from orders where is_counted group by customer_key
    ) as f on o.customer_key = f.customer_key
)"""
_ACTIVE_AT_START = _ACTIVE.format(day="calendar_date - 1")
_ACTIVE_AT_END = _ACTIVE.format(day="least(last_day(calendar_date), as_of_date)")

# Figures of kpi_monthly alone.
OF_MONTHS = {
    "starting_customer_count", "retained_customer_count", "churned_customer_count", "retention_rate", "churn_rate",
}  # fmt: skip
# figure: (facts, day of a fact, aggregate)
MEASURES = {
    "order_count": ("orders", "order_date", "count(*) filter (is_counted)"),
    "purchase_count": ("orders", "order_date", "count(*) filter (is_purchase)"),
    "identified_order_count": ("orders", "order_date", "count(customer_key) filter (is_counted)"),
    "new_customer_count": ("orders", "order_date", "count(*) filter (order_sequence_number = 1)"),
    "gross_amount": ("orders", "order_date", "sum(gross_amount) filter (is_counted)"),
    "discount_amount": ("orders", "order_date", "sum(gross_amount - sales_amount) filter (is_counted)"),
    "sales_amount": ("orders", "order_date", "sum(sales_amount) filter (is_counted)"),
    "new_customer_sales_amount": (
        "orders",
        "order_date",
        "sum(sales_amount) filter (order_sequence_number = 1)",
    ),
    "active_customer_count": ("orders", "order_date", "count(distinct customer_key) filter (is_counted)"),
    "repeat_customer_count": (
        "orders",
        "order_date",
        "count(distinct customer_key) filter (order_sequence_number > 1)",
    ),
    "refund_amount": ("refunds", "refund_date", "sum(refund_amount) filter (is_counted)"),
    "abandoned_checkout_count": ("checkouts", "started_date", "count(*) filter (completed_at is null)"),
    "recovered_checkout_count": ("checkouts", "started_date", "count(completed_at)"),
    "visitor_count": (_VISITS, "visit_date", "count(distinct customer_key)"),
    "cart_visitor_count": (
        _VISITS,
        "visit_date",
        "count(distinct customer_key) filter (event_type = 'site_added_to_cart')",
    ),
    "checkout_visitor_count": (
        _VISITS,
        "visit_date",
        "count(distinct customer_key) filter (event_type = 'site_started_checkout')",
    ),
    "buying_visitor_count": (_BUYING_VISITS, "visit_date", "count(distinct customer_key)"),
    "email_delivered_count": (_MAILS, "event_date", "count(*) filter (event_type = 'delivered')"),
    "email_bounced_count": (_MAILS, "event_date", "count(*) filter (event_type = 'bounced')"),
    "email_opener_count": (_first_touches("Opened"), "counted_on", "count(*)"),
    "email_clicker_count": (_first_touches("Clicked"), "counted_on", "count(*)"),
    "email_unsubscribed_count": (_MAILS, "event_date", "count(*) filter (event_type = 'unsubscribed')"),
    "email_marked_spam_count": (_MAILS, "event_date", "count(*) filter (event_type = 'marked_spam')"),
    "attributed_order_count": (_LAST_CLICKS, "order_date", "count(*)"),
    "attributed_sales_amount": (_LAST_CLICKS, "order_date", "sum(sales_amount)"),
    "ticket_count": (_TICKETS, "opened_on", "count(*)"),
    "replied_ticket_count": (_TICKETS, "opened_on", "count(first_replied_at)"),
    "first_reply_minutes": (_TICKETS, "opened_on", "sum(first_reply_minutes)"),
    "resolved_ticket_count": (_TICKETS, "opened_on", "count(resolution_minutes)"),
    "resolution_minutes": (_TICKETS, "opened_on", "sum(resolution_minutes)"),
    "csat_count": (_TICKETS, "opened_on", "count(csat_score)"),
    "satisfied_csat_count": (_TICKETS, "opened_on", "count(*) filter (is_csat_satisfied)"),
    "nps_count": ("feedback", "answered_date", "count(*) filter (feedback_type = 'nps')"),
    "nps_points": (
        "feedback",
        "answered_date",
        "100 * (count(*) filter (feedback_type = 'nps' and score > 8) "
        "- count(*) filter (feedback_type = 'nps' and score < 7))",
    ),
    "spend_amount": ("marketing_spend", "spend_date", "sum(spend_amount)"),
    "acquired_customer_count": (_BUYERS, "first_date", "count(*)"),
    "acquired_value_amount": (_BUYERS, "first_date", "sum(total_value)"),
    "starting_customer_count": (_ACTIVE_AT_START, "month_start", "count(distinct customer_key)"),
    "retained_customer_count": (
        _ACTIVE_AT_END,
        "month_start",
        "count(distinct customer_key) filter (first_date < month_start)",
    ),
}
# figure: formula over measures
FORMULAS = {
    "net_amount": "sales_amount - refund_amount",
    "returning_customer_count": "active_customer_count - new_customer_count",
    "checkout_count": "order_count + abandoned_checkout_count",
    "left_checkout_count": "abandoned_checkout_count + recovered_checkout_count",
    "email_sent_count": "email_delivered_count + email_bounced_count",
    "average_order_amount": "sales_amount / purchase_count",
    "purchase_frequency": "identified_order_count / active_customer_count",
    "churned_customer_count": "starting_customer_count - retained_customer_count",
    "retention_rate": "retained_customer_count / starting_customer_count",
    "churn_rate": "(starting_customer_count - retained_customer_count) / starting_customer_count",
    "repeat_purchase_rate": "repeat_customer_count / active_customer_count",
    "discount_rate": "discount_amount / gross_amount",
    "refund_rate": "refund_amount / sales_amount",
    "cart_abandonment_rate": "abandoned_checkout_count / (order_count + abandoned_checkout_count)",
    "cart_recovery_rate": "recovered_checkout_count / (recovered_checkout_count + abandoned_checkout_count)",
    "visitor_cart_rate": "cart_visitor_count / visitor_count",
    "visitor_checkout_rate": "checkout_visitor_count / visitor_count",
    "visitor_conversion_rate": "buying_visitor_count / visitor_count",
    "email_delivery_rate": "email_delivered_count / (email_delivered_count + email_bounced_count)",
    "email_bounce_rate": "email_bounced_count / (email_delivered_count + email_bounced_count)",
    "email_open_rate": "email_opener_count / email_delivered_count",
    "email_click_rate": "email_clicker_count / email_delivered_count",
    "email_unsubscribe_rate": "email_unsubscribed_count / email_delivered_count",
    "email_spam_rate": "email_marked_spam_count / email_delivered_count",
    "attributed_sales_share": "attributed_sales_amount / sales_amount",
    "average_clv_amount": "acquired_value_amount / acquired_customer_count",
    "acquisition_cost_amount": "spend_amount / acquired_customer_count",
    "clv_to_acquisition_cost": "acquired_value_amount / spend_amount",
    "csat_rate": "satisfied_csat_count / csat_count",
    "nps": "nps_points / nps_count",
    "average_first_reply_minutes": "first_reply_minutes / replied_ticket_count",
    "average_resolution_minutes": "resolution_minutes / resolved_ticket_count",
    "contact_rate": "ticket_count / order_count",
}


def mismatches(figure: str, mart: str, period: str, klaviyo: str) -> str:
    """The query that lists periods in which the mart and the facts disagree about one figure."""
    formula = FORMULAS.get(figure, figure)
    parts = [name for name in MEASURES if name in formula.replace("(", " ").replace(")", " ").split()]
    told = "\n".join(
        f"left join (select date_trunc('{period}', {day}) as period, {aggregate} as {name} from {facts} group by 1) "
        f"as told_{name} on told_{name}.period = k.period_start"
        for name in parts
        for facts, day, aggregate in [MEASURES[name]]
    )
    values = ", ".join(f"coalesce(told_{name}.{name}, 0) as {name}" for name in parts)
    expected = f"cast({formula} as double)" if "/" not in formula else _quotient(formula)
    return f"""
        with asked as (
            select k.period_start, k.{figure} as shown, {values} from {mart} as k {told}
        ),
        compared as (select period_start, cast(shown as double) as shown, {expected} as expected from asked)
        select * from compared
        where shown is distinct from expected
        and coalesce(abs(shown - expected) > 0.0001 * greatest(1, abs(expected)), true)
    """.replace("{klaviyo}", klaviyo)


def _quotient(formula: str) -> str:
    numerator, divisor = formula.split(" / ")
    return f"cast({numerator} as double) / nullif(cast({divisor} as double), 0)"
