with

customer_occasions as (

    select * from {{ ref('int_customer_occasions') }}

),

order_occasions as (

    select * from {{ ref('int_order_occasions') }}

),

stock_occasions as (

    select * from {{ ref('int_stock_occasions') }}

),

windows as (

    select * from {{ ref('int_journey_occasion_windows') }}

),

products as (

    select * from {{ ref('products') }}

),

segments as (

    select * from {{ ref('int_customer_segments_assigned') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

without_order as (

    select * from customer_occasions
    union all
    select * from stock_occasions

),

unioned as (

    select
        customer_key,
        occasion,
        occurred_at,
        subject_type,
        subject_key,
        cast(null as {{ dbt.type_string() }}) as subject_id,
        product_key,
        cast(null as decimal(18, 4)) as amount

    from without_order

    union all

    select
        customer_key,
        occasion,
        occurred_at,
        subject_type,
        subject_key,
        subject_id,
        product_key,
        amount

    from order_occasions

),

-- Of years of occasions the few days that a journey may act on.
in_window as (

    select
        unioned.*,
        windows.only_segment

    from unioned
    inner join windows on unioned.occasion = windows.occasion

    where
        unioned.occurred_at > windows.from_at
        and unioned.occurred_at <= windows.until_at

),

-- A new product is an occasion for everybody, and a reason to write to few.
in_segment as (

    select in_window.*

    from in_window
    left join segments on in_window.customer_key = segments.customer_key

    where
        in_window.only_segment is null
        or {{ is_in_segment('in_window.only_segment', 'segments.segment_keys') }}

),

final as (

    select
        in_segment.customer_key
        || ':' || in_segment.occasion
        || ':' || in_segment.subject_key as journey_occasion_key,
        in_segment.customer_key,
        in_segment.occasion,
        in_segment.occurred_at,
        in_segment.subject_type,
        in_segment.subject_key,
        coalesce(in_segment.subject_id, products.product_id) as subject_id,
        in_segment.product_key,
        products.title as product_title,
        in_segment.amount,
        case when in_segment.amount is not null then run_context.reporting_currency_code end
            as currency_code,
        run_context.as_of_date as as_of

    from in_segment
    cross join run_context
    left join products on in_segment.product_key = products.product_key

)

select * from final
