"""Faults of the project itself: what a changed model, rule or join can do to a night whose raw data is fine."""

from dataclasses import dataclass

OPTED_OUT = "('unsubscribed', 'marked_spam')"


@dataclass(frozen=True)
class ModelFault:
    """One fault.

    Attributes:
        name: What happened.
        model: Where.
        gate: model (a dbt test fails) or release (all of dbt passes, and the candidate is refused).
        rule: dbt test or release rule that must name it.
        query: What the broken model returns; `{model}` is what it would have returned.
    """

    name: str
    model: str
    gate: str
    rule: str
    query: str


FAULTS = [
    # -- dbt tests --------------------------------------------------------------------------------------------
    ModelFault(
        "a model loses 1 % of the customers",
        "customers",
        "model",
        "assert_every_record_has_exactly_one_customer",
        "select * from {model} where hash(customer_key) % 100 <> 0",
    ),
    ModelFault(
        "identity loses 1 % of the records",
        "int_customers_resolved",
        "model",
        "assert_every_record_has_exactly_one_customer",
        "select * from {model} where hash(record_key) % 100 <> 0",
    ),
    ModelFault(
        "a join doubles some order lines",
        "int_order_lines_priced",
        "model",
        "unique_order_lines_order_line_key",
        "select * from {model} union all select * from {model} where hash(order_line_key) % 100 = 0",
    ),
    ModelFault(
        "refunds are counted twice",
        "stg_shopify__refunds",
        "model",
        "unique_refunds_refund_line_key",
        "select * from {model} union all select * from {model}",
    ),
    ModelFault(
        "customer 360 fans out",
        "int_customer_segments_assigned",
        "model",
        "unique_customer_360_customer_key",
        "select * from {model} union all select * from {model} where hash(customer_key) % 50 = 0",
    ),
    ModelFault(
        "e-mail events get lost in a join",
        "message_events",
        "model",
        "assert_message_events_are_conserved",
        "select * from {model} where customer_key is not null and hash(message_event_key) % 20 <> 0",
    ),
    ModelFault(
        "a probability above 1",
        "customer_churn",
        "model",
        "is_between_customer_churn_churn_probability",
        "select * replace (churn_probability * 3 as churn_probability) from {model}",
    ),
    ModelFault(
        "some customers are in no lifecycle stage",
        "int_customer_segments_assigned",
        "model",
        "not_null_int_customer_segments_assigned_lifecycle_stage",
        "select * replace (case when hash(customer_key) % 40 <> 0 then lifecycle_stage end as lifecycle_stage) "
        "from {model}",
    ),
    ModelFault(
        "prices are converted twice",
        "int_order_lines_priced",
        "model",
        "assert_net_revenue_is_conserved",
        "select * replace (cast(gross_amount * 1.1 as decimal(18, 4)) as gross_amount, "
        "cast(sales_amount * 1.1 as decimal(18, 4)) as sales_amount, "
        "cast(discount_amount * 1.1 as decimal(18, 4)) as discount_amount) from {model}",
    ),
    ModelFault(
        "orders have lost their lines",
        "orders",
        "model",
        "assert_orders_have_their_lines",
        "select * replace (case when hash(order_key) % 20 = 0 then 0 else line_count end as line_count) from {model}",
    ),
    ModelFault(
        "nobody is told who left a segment",
        "segment_changes",
        "model",
        "assert_segment_changes_lead_to_todays_memberships",
        "select * from {model} where change_type <> 'left'",
    ),
    # -- what only the live version can show ------------------------------------------------------------------
    ModelFault(
        "an identity rule merges two large families",
        "int_customers_resolved",
        "model",
        "unique_customer_keys_customer_key",
        """
        select * replace (coalesce(family.customer_key, {model}.customer_key) as customer_key) from {model}
        left join (
            select first(customer_key order by n desc, customer_key) over () as customer_key, customer_key as member
            from (select customer_key, count(*) as n from {model} group by all order by n desc, customer_key limit 2)
        ) as family on family.member = {model}.customer_key
        """,
    ),
    ModelFault(
        "all customer keys are new",
        "int_customers_resolved",
        "release",
        "release_records_keep_their_customer",
        "select * replace (substring(md5(concat('salt', customer_key)), 1, 16) as customer_key) from {model}",
    ),
    ModelFault(
        "a score is frozen at the live version's values",
        "int_clv_customers_scored",
        "release",
        "release_scores_are_not_frozen",
        """
        select * replace (coalesce(yesterday.churn_probability, {model}.churn_probability) as churn_probability)
        from {model} left join (
            select customer_key as known_key, churn_probability from yesterday.customer_churn
        ) as yesterday on known_key = {model}.customer_key
        """,
    ),
    ModelFault(
        "opt-outs become opt-ins",
        "int_customer_consents_resolved",
        "release",
        "release_consent_is_never_widened",
        f"select * replace (case when consent_status in {OPTED_OUT} then 'subscribed' else consent_status end "
        "as consent_status) from {model}",
    ),
    ModelFault(
        "a join on the wrong key gives people the consent of others",
        "int_customer_consents_resolved",
        "release",
        "release_consent_is_never_widened",
        "select * replace (coalesce(lead(customer_key) over (partition by channel order by customer_key), "
        "customer_key) as customer_key) from {model}",
    ),
    ModelFault(
        "consent is no longer read",
        "int_customer_consents_resolved",
        "release",
        "release_contactable_people_stay",
        "select * replace ('unknown' as consent_status) from {model}",
    ),
    ModelFault(
        "an address in a column that is not declared personal",
        "int_customer_attributes",
        "release",
        "customer_360_hides_no_personal_data",
        "select * replace (email as region) from {model}",
    ),
    ModelFault(
        "a threshold with a typing error empties a segment",
        "int_customer_segments_assigned",
        "release",
        "release_segments_keep_their_size",
        "select * replace (replace(segment_keys, 'lifecycle_at_risk', 'lifecycle_lapsed') as segment_keys, "
        "case lifecycle_stage when 'at_risk' then 'lapsed' else lifecycle_stage end as lifecycle_stage) from {model}",
    ),
    ModelFault(
        "days are passed to a model of weeks",
        "int_clv_customers_scored",
        "release",
        "release_scores_keep_their_distribution",
        "select * replace (predicted_orders / 7 as predicted_orders) from {model}",
    ),
    ModelFault(
        "a join loses e-mail engagement",
        "int_customer_messages_summarized",
        "release",
        "customer_360_columns_stay_filled",
        "select * from {model} where false",
    ),
    ModelFault(
        "staging drops one order in ten",
        "stg_shopify__orders",
        "model",
        "assert_net_revenue_is_conserved",
        "select * from {model} where hash(order_key) % 10 <> 0",
    ),
    ModelFault(
        "staging drops records of people",
        "stg_klaviyo__profiles",
        "release",
        "release_records_are_still_there",
        "select * from {model} where hash(record_key) % 10 <> 0",
    ),
    ModelFault(
        "nobody is linked any more",
        "int_identity_edges",
        "release",
        "release_people_match_their_records",
        "select * from {model} where hash(left_node_id) % 5 <> 0",
    ),
    ModelFault(
        "a third of the tickets is lost",
        "stg_zendesk__tickets",
        "release",
        "tickets_keeps_its_rows",
        "select * from {model} where hash(ticket_key) % 3 <> 0",
    ),
    ModelFault(
        "triggers forget who may be written to",
        "journey_triggers",
        "model",
        "assert_journey_triggers_keep_the_rules",
        "select * replace ('sms' as channel, 'marketing' as consent) from {model}",
    ),
    ModelFault(
        "addresses are hashed as they were typed",
        "audience_exports",
        "release",
        "audience_exports_hashes_are_those_of_the_contacts",
        "select * replace (sha256(' ' || email) as email_sha256_meta) from {model}",
    ),
    ModelFault(
        "first replies are counted in seconds",
        "int_customer_support_summarized",
        "release",
        "customer_360_figures_keep_their_scale",
        "select * replace (average_first_reply_minutes * 60 as average_first_reply_minutes) from {model}",
    ),
    ModelFault(
        "bounces are counted as deliveries",
        "stg_klaviyo__message_events",
        "release",
        "release_past_figures_stay",
        "select * replace (case event_type when 'bounced' then 'delivered' else event_type end as event_type) "
        "from {model}",
    ),
    ModelFault(
        "every ticket was answered by one agent",
        "stg_zendesk__tickets",
        "release",
        "support_performance_columns_keep_varying",
        "select * replace (min(agent_key) over () as agent_key) from {model}",
    ),
    ModelFault(
        "nobody is told why they may leave",
        "customer_churn",
        "release",
        "customer_churn_columns_stay_filled",
        "select * replace (cast(null as varchar) as churn_drivers) from {model}",
    ),
]
