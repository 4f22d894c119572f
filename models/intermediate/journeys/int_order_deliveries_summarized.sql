with

shipments as (

    select * from {{ ref('int_shipments_tracked') }}

),

-- An order has arrived with its last parcel, and is late with its first late one.
final as (

    select
        order_key,
        case when count(*) = count(delivered_at) then max(delivered_at) end as delivered_at,
        min(promised_at) filter (where delivered_at is null) as overdue_since_at

    from shipments

    group by order_key

)

select * from final
