-- Fails when campaigns or support rows lose or double what they are made of: deliveries, attributed
-- sales, tickets.
{{ config(meta={'dagster': {'ref': {'name': 'campaign_performance'}}}) }}

with

compared as (

    select
        'campaign_performance.delivered_count' as figure,
        (select sum(delivered_count) from {{ ref('campaign_performance') }}) as told,
        (
            select sum(delivered_count)
            from {{ ref('message_days') }}
            where message_key is not null
        ) as expected

    union all

    select
        'campaign_performance.attributed_sales_amount' as figure,
        (select sum(attributed_sales_amount) from {{ ref('campaign_performance') }}) as told,
        (select sum(sales_amount) from {{ ref('order_attributions') }}) as expected

    union all

    select
        'support_performance.ticket_count' as figure,
        (select sum(ticket_count) from {{ ref('support_performance') }}) as told,
        (select count(*) from {{ ref('tickets') }}) as expected

)

select *
from compared

where coalesce(told, 0) != coalesce(expected, 0)
