-- Fails when a sum over all days or all months of the key figures differs from the mart it is
-- made of: a fact lost outside the calendar, or counted twice by a join. Written without
-- vars.kpi_measures, so that a definition cannot prove itself.
{{ config(meta={'dagster': {'ref': {'name': 'kpi_daily'}}}) }}

with

expected as (

    select
        count(*) filter (where is_counted) as order_count,
        coalesce(sum(net_amount), 0) as net_amount,
        count(*) filter (where is_counted and order_sequence_number = 1) as new_customer_count

    from {{ ref('orders') }}

),

expected_tickets as (

    select count(*) as ticket_count from {{ ref('tickets') }}

),

expected_visits as (

    select count(*) as visitor_days from {{ ref('site_visits') }}

),

expected_value as (

    select coalesce(sum(total_value), 0) as value_amount from {{ ref('customer_clv') }}

),

expected_spend as (

    select coalesce(sum(spend_amount), 0) as spend_amount from {{ ref('marketing_spend') }}

),

told as (

    select
        'kpi_daily' as told_by,
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(net_amount), 0) as net_amount,
        coalesce(sum(new_customer_count), 0) as new_customer_count,
        coalesce(sum(ticket_count), 0) as ticket_count,
        coalesce(sum(acquired_value_amount), 0) as value_amount,
        coalesce(sum(spend_amount), 0) as spend_amount,
        coalesce(sum(visitor_count), 0) as visitor_days

    from {{ ref('kpi_daily') }}

    union all

    select
        'kpi_monthly' as told_by,
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(net_amount), 0) as net_amount,
        coalesce(sum(new_customer_count), 0) as new_customer_count,
        coalesce(sum(ticket_count), 0) as ticket_count,
        coalesce(sum(acquired_value_amount), 0) as value_amount,
        coalesce(sum(spend_amount), 0) as spend_amount,
        -- Visitors of a month are distinct and do not add up.
        cast(null as bigint) as visitor_days

    from {{ ref('kpi_monthly') }}

)

select told.*
from told
cross join expected
cross join expected_tickets
cross join expected_visits
cross join expected_value
cross join expected_spend

where
    told.order_count != expected.order_count
    or told.net_amount != expected.net_amount
    or told.new_customer_count != expected.new_customer_count
    or told.ticket_count != expected_tickets.ticket_count
    or told.value_amount != expected_value.value_amount
    or told.spend_amount != expected_spend.spend_amount
    or told.visitor_days != expected_visits.visitor_days
