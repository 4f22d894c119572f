with

applications as (

    select * from {{ source('shopify', 'discount_application') }}

),

discount_codes as (

    select * from {{ source('shopify', 'order_discount_code') }}

),

allocations as (

    select * from {{ source('shopify', 'discount_allocation') }}

),

order_lines as (

    select * from {{ source('shopify', 'order_line') }}

),

allocations_summarized as (

    select
        order_lines.source_name,
        order_lines.order_id,
        allocations.discount_application_index,

        sum(allocations.amount) as amount

    from allocations

    inner join order_lines
        on
            allocations.source_name = order_lines.source_name
            and allocations.order_line_id = order_lines.id

    group by
        order_lines.source_name,
        order_lines.order_id,
        allocations.discount_application_index

),

applied as (

    select
        applications.source_name,
        applications.order_id,
        {{ entity_key('order', 'applications.order_id', 'applications.source_name') }}
        || ':discount:' || cast(applications.index as {{ dbt.type_string() }}) as discount_key,

        applications.code as discount_code,
        coalesce(
            lower(applications.type),
            case when applications.code is not null then 'discount_code' else 'automatic' end
        ) as discount_type,
        applications.title,

        allocations_summarized.amount

    from applications

    left join allocations_summarized
        on
            applications.source_name = allocations_summarized.source_name
            and applications.order_id = allocations_summarized.order_id
            and applications.index = allocations_summarized.discount_application_index

),

-- Older connections load the codes but not the applications.
entered as (

    select
        discount_codes.source_name,
        discount_codes.order_id,
        {{ entity_key('order', 'discount_codes.order_id', 'discount_codes.source_name') }}
        || ':discount_code:' || cast(discount_codes.index as {{ dbt.type_string() }})
            as discount_key,

        discount_codes.code as discount_code,
        'discount_code' as discount_type,
        cast(null as {{ dbt.type_string() }}) as title,

        discount_codes.amount

    from discount_codes

    left join applications
        on
            discount_codes.source_name = applications.source_name
            and discount_codes.order_id = applications.order_id
            and lower(discount_codes.code) = lower(applications.code)

    where applications.order_id is null

),

unioned as (

    select * from applied

    union all

    select * from entered

),

keyed as (

    select
        source_name,
        'shopify' as platform,
        discount_key,
        {{ numeric_key('order_id') }} as order_key,

        discount_code,
        discount_type,
        title,

        amount

    from unioned

)

select * from keyed
