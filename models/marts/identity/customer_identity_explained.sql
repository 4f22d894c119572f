with

edges as (

    select * from {{ ref('int_identity_edges') }}

),

customers as (

    select
        node_id,
        record_key,
        customer_key

    from {{ ref('int_customers_resolved') }}

),

-- Links that were cut are between two customers and not here.
links as (

    select
        left_customers.customer_key,
        edges.left_node_id,
        edges.right_node_id,
        left_customers.record_key as left_record_key,
        right_customers.record_key as right_record_key,
        edges.rule as link_rule,
        edges.evidence,
        edges.score

    from edges
    inner join customers as left_customers on edges.left_node_id = left_customers.node_id
    inner join customers as right_customers
        on
            edges.right_node_id = right_customers.node_id
            and left_customers.customer_key = right_customers.customer_key

),

link_ends as (

    select
        customer_key,
        left_node_id as node_id
    from links

    union all

    select
        customer_key,
        right_node_id as node_id
    from links

),

-- How many links each record has, and how many its customer has: in a customer of n records held by
-- n - 1 links, every one of them would have to stay.
record_links as (

    select
        node_id,
        count(*) as link_count

    from link_ends

    group by node_id

),

customer_links as (

    select
        customer_key,
        count(*) as link_count,
        min(score) as lowest_score

    from links

    group by customer_key

),

customer_records as (

    select
        customer_key,
        count(*) as record_count

    from customers

    group by customer_key

    having count(*) > 1

),

final as (

    select
        concat(links.left_record_key, '|', links.right_record_key) as link_key,
        links.customer_key,
        links.left_record_key,
        links.right_record_key,
        links.link_rule,
        links.evidence,
        cast(links.score as bigint) as score,
        left_links.link_count = 1
        or right_links.link_count = 1
        or customer_links.link_count = customer_records.record_count - 1 as is_bridge,
        links.score = customer_links.lowest_score as is_weakest

    from links
    inner join record_links as left_links on links.left_node_id = left_links.node_id
    inner join record_links as right_links on links.right_node_id = right_links.node_id
    inner join customer_links on links.customer_key = customer_links.customer_key
    inner join customer_records on links.customer_key = customer_records.customer_key

)

select * from final
