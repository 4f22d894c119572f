with

resolved as (

    select * from {{ ref('int_customers_resolved') }}

),

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

-- What somebody told the shop while buying is truer than a form or a ticket; of equals the newest.
ranked as (

    select
        node_id,
        customer_key,
        source_name,
        created_at,
        cast(
            case record_type
                when 'customer' then 1
                when 'order' then 1
                when 'checkout' then 2
                when 'profile' then 3
                else 4
            end as bigint
        ) * 1000000000 - record_number as contact_rank

    from resolved

),

-- Each attribute comes from the best-ranked record that has it; a name and an address from one
-- record as a whole.
chosen as (

    select
        ranked.customer_key,
        min(ranked.created_at) as first_seen_at,
        min_by(ranked.node_id, ranked.contact_rank) filter (
            where records.email_normalized is not null
        ) as email_node_id,
        min_by(ranked.node_id, ranked.contact_rank) filter (
            where records.phone is not null
        ) as phone_node_id,
        coalesce(
            min_by(ranked.node_id, ranked.contact_rank) filter (
                where records.last_name is not null
            ),
            min_by(ranked.node_id, ranked.contact_rank) filter (
                where records.first_name is not null
            )
        ) as name_node_id,
        min_by(ranked.node_id, ranked.contact_rank) filter (
            where records.city is not null
        ) as address_node_id,
        count(*) as record_count,
        count(distinct ranked.source_name) as source_count

    from ranked
    inner join records on ranked.node_id = records.node_id

    group by ranked.customer_key

),

joined as (

    select
        chosen.customer_key,
        chosen.first_seen_at,
        email_records.email,
        {{ record_origin('email_records') }} as email_source,
        email_records.created_at as email_recorded_at,
        phone_records.phone,
        {{ record_origin('phone_records') }} as phone_source,
        phone_records.created_at as phone_recorded_at,
        name_records.first_name,
        name_records.last_name,
        {{ record_origin('name_records') }} as name_source,
        name_records.created_at as name_recorded_at,
        address_records.address_line,
        address_records.city,
        address_records.region,
        address_records.postal_code,
        address_records.country_code,
        {{ record_origin('address_records') }} as address_source,
        address_records.created_at as address_recorded_at,
        chosen.record_count,
        chosen.source_count

    from chosen
    left join records as email_records on chosen.email_node_id = email_records.node_id
    left join records as phone_records on chosen.phone_node_id = phone_records.node_id
    left join records as name_records on chosen.name_node_id = name_records.node_id
    left join records as address_records on chosen.address_node_id = address_records.node_id

)

select * from joined
