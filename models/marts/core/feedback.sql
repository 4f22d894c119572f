with

answers as (

    select * from {{ ref('int_feedback_answers_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

products as (

    select * from {{ ref('int_products_unioned') }}

),

-- Two shops may both have a product 1001: such an id names none.
products_named as (

    select
        product_id,
        max(product_key) as product_key

    from products

    group by product_id

    having count(*) = 1

),

joined as (

    select
        answers.feedback_key,
        answers.source_name,
        answers.platform,
        customers.customer_key,
        answers.feedback_type,
        answers.score,
        case
            when answers.feedback_type = 'nps' then {{ nps_group('answers.score') }}
        end as nps_group,
        products_named.product_key,
        answers.comment,
        answers.answered_at,
        {{ to_reporting_date('answers.answered_at') }} as answered_date

    from answers
    left join customers on answers.record_key = customers.record_key
    left join products_named on answers.product_id = products_named.product_id

)

select * from joined
