with orders as (
    select
        *,
        greatest(
            created_s, seen(paid_s), seen(cancelled_s), seen(voided_s), seen(shipped_s), seen(second_parcel_s),
            seen(refund_1_s), seen(refund_2_s)
        ) as changed_s,
        greatest(shipped_s, case when second_parcel_s < {never} then second_parcel_s else 0 end) as complete_s
    from f_orders
    where created_s = seen(created_s)
)

select
    o.created_s as sort_s,
    o.order_id as id,
    '#' || o.order_id as name,
    o.order_id as order_number,
    known(o.created_s) as created_at,
    known(o.created_s) as processed_at,
    moment(o.changed_s) as updated_at,
    known(least(o.cancelled_s, o.complete_s)) as closed_at,
    known(o.cancelled_s) as cancelled_at,
    case when seen(o.cancelled_s) is not null
        then ['customer', 'inventory', 'fraud', 'declined', 'other'][o.order_id % 5 + 1] end as cancel_reason,
    case
        when seen(o.voided_s) is not null then 'voided'
        when seen(o.refund_full_s) is not null then 'refunded'
        when seen(o.refund_1_s) is not null and o.refund_1_c > 0 then 'partially_refunded'
        when seen(o.paid_s) is not null then 'paid'
        when o.method = 2 then 'authorized'
        else 'pending' end as financial_status,
    case
        when seen(o.complete_s) is not null then 'fulfilled'
        when seen(o.shipped_s) is not null then 'partial' end as fulfillment_status,
    nullif(o.customer_id, 0) as customer_id,
    email_text(o.email_form, o.email_twist, p.email_1, p.email_2, p.email_home, p.person) as email,
    'EUR' as currency,
    'EUR' as presentment_currency,
    eur(o.gross_c) as total_line_items_price,
    eur(o.discount_c) as total_discounts,
    eur(o.gross_c - o.discount_c) as subtotal_price,
    format('{{"shop_money":{{"amount":"{:.2f}","currency_code":"EUR"}},"presentment_money":{{"amount":"{:.2f}","currency_code":"EUR"}}}}', o.shipping_c / 100.0, o.shipping_c / 100.0)
        as total_shipping_price_set,
    eur(o.tax_c) as total_tax,
    eur(o.tip_c) as total_tip_received,
    eur(o.total_c) as total_price,
    false as taxes_included,
    o.kind = 3 as test,
    true as confirmed,
    case when o.kind = 6 then 'pos' else 'web' end as source_name,
    case when o.kind = 6 then 65000000001 end as location_id,
    case p.country_code when 'FR' then 'fr-FR' when 'NL' then 'nl-NL' when 'IT' then 'it-IT' when 'ES' then 'es-ES'
        when 'IE' then 'en-IE' when 'BE' then 'nl-BE' else 'de-DE' end as customer_locale,
    o.email_twist = 0 as buyer_accepts_marketing,
    case o.order_id % 5 when 0 then 'https://www.google.com/' when 1 then 'https://www.instagram.com/' end
        as referring_site,
    first_text(o.name_twist, p.first_name, p.last_name) as billing_address_first_name,
    last_text(o.name_twist, p.first_name, p.last_name) as billing_address_last_name,
    case when o.order_id % 7 = 3 then replace(p.address, 'straße', 'str.') else p.address end
        as billing_address_address_1,
    p.city as billing_address_city,
    p.zip as billing_address_zip,
    p.region as billing_address_province,
    p.region_code as billing_address_province_code,
    p.country as billing_address_country,
    p.country_code as billing_address_country_code,
    phone_text(o.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) as billing_address_phone,
    case when o.ship_person <> o.person then r.first_name
        else first_text(o.name_twist, p.first_name, p.last_name) end as shipping_address_first_name,
    case when o.ship_person <> o.person then r.last_name
        else last_text(o.name_twist, p.first_name, p.last_name) end as shipping_address_last_name,
    r.address as shipping_address_address_1,
    r.city as shipping_address_city,
    r.zip as shipping_address_zip,
    r.region as shipping_address_province,
    r.region_code as shipping_address_province_code,
    r.country as shipping_address_country,
    r.country_code as shipping_address_country_code,
    case when o.ship_person = o.person
        then phone_text(o.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) end
        as shipping_address_phone,
    false as _fivetran_deleted,
    synced(o.changed_s) as _fivetran_synced
from orders as o
left join people as p on p.person = o.person
left join people as r on r.person = o.ship_person
