with

orders as (

    select * from {{ source('shopify', 'order') }}

),

transactions as (

    select
        {{ numeric_key('order_id') }} as order_key,
        kind,
        status

    from {{ source('shopify', 'transaction') }}

),

shipping_lines as (

    select * from {{ source('shopify', 'order_shipping_line') }}

),

-- A CTE of its own: one that is read twice would be materialised, with every column in it.
voided_orders as (

    select {{ numeric_key('id') }} as order_key

    from {{ source('shopify', 'order') }}

    where lower(financial_status) = 'voided'

),

shops as (

    select
        source_name,
        min(currency_code) as currency_code

    from {{ source('shopify', 'shop') }}

    group by source_name

),

-- The status is overwritten in place, so a payment voided later looks voided in a build for an
-- earlier day: the transaction dates it. Without any transaction the status is all there is.
voided_transactions_aggregated as (

    select
        voided_orders.order_key,

        count(*) filter (
            where lower(transactions.kind) = 'void' and lower(transactions.status) = 'success'
        ) as void_count

    from transactions

    inner join voided_orders on transactions.order_key = voided_orders.order_key

    group by voided_orders.order_key

),

shipping_lines_aggregated as (

    select
        {{ numeric_key('order_id') }} as order_key,

        min(title) as delivery_method,
        sum(price) as shipping_amount

    from shipping_lines

    group by order_key

),

-- The payer's address says who the customer is; a present is shipped to somebody else.
addressed as (

    select
        *,
        {{ numeric_key('id') }} as order_key,
        coalesce(billing_address_last_name, billing_address_address_1) is not null
            as has_billing_address,
        coalesce(
            lower(billing_address_last_name) != lower(shipping_address_last_name), false
        ) as is_shipped_to_someone_else

    from orders

),

joined as (

    select
        addressed.source_name,
        'shopify' as platform,
        addressed.order_key,
        cast(addressed.id as {{ dbt.type_string() }}) as order_id,
        addressed.name as order_name,
        {{ entity_key('customer', 'addressed.customer_id', 'addressed.source_name') }}
            as customer_record_key,
        coalesce(
            {{ entity_key('customer', 'addressed.customer_id', 'addressed.source_name') }},
            {{ entity_key('order', 'addressed.id', 'addressed.source_name') }}
        ) as record_key,

        addressed.email,
        coalesce(
            addressed.billing_address_phone,
            case
                when not addressed.is_shipped_to_someone_else
                    then addressed.shipping_address_phone
            end
        ) as phone,
        case
            when addressed.has_billing_address then addressed.billing_address_first_name
            else addressed.shipping_address_first_name
        end as first_name,
        case
            when addressed.has_billing_address then addressed.billing_address_last_name
            else addressed.shipping_address_last_name
        end as last_name,
        nullif(
            case
                when addressed.has_billing_address
                    then concat_ws(
                        ' ',
                        addressed.billing_address_address_1,
                        addressed.billing_address_address_2
                    )
                else concat_ws(
                    ' ',
                    addressed.shipping_address_address_1,
                    addressed.shipping_address_address_2
                )
            end,
            ''
        ) as address_line,
        case
            when addressed.has_billing_address then addressed.billing_address_city
            else addressed.shipping_address_city
        end as city,
        case
            when addressed.has_billing_address then addressed.billing_address_province
            else addressed.shipping_address_province
        end as region,
        case
            when addressed.has_billing_address then addressed.billing_address_zip
            else addressed.shipping_address_zip
        end as postal_code,
        upper(
            case
                when addressed.has_billing_address then addressed.billing_address_country_code
                else addressed.shipping_address_country_code
            end
        ) as country_code,
        lower(addressed.cancel_reason) as cancel_reason,
        upper(coalesce(addressed.currency_code, shops.currency_code)) as currency_code,
        lower(addressed.financial_status) as financial_status,
        case lower(addressed.fulfillment_status)
            when 'partial' then 'partially_fulfilled'
            else coalesce(lower(addressed.fulfillment_status), 'unfulfilled')
        end as fulfillment_status,
        shipping_lines_aggregated.delivery_method,
        addressed.sales_channel,
        addressed.customer_locale,

        addressed.total_price as total_amount,
        addressed.total_tax as tax_amount,
        coalesce(addressed.total_shipping, shipping_lines_aggregated.shipping_amount)
            as shipping_amount,
        addressed.total_tip as tip_amount,

        coalesce(addressed.test, false) as is_test,
        -- Drafts are a table of their own in Shopify; what is here was placed.
        false as is_draft,
        coalesce(lower(addressed.financial_status) = 'voided', false)
        and coalesce(voided_transactions_aggregated.void_count > 0, true) as is_voided,
        coalesce(addressed.taxes_included, false) as is_tax_included,

        coalesce(addressed.processed_at, addressed.created_at) as ordered_at,
        addressed.cancelled_at,
        addressed._fivetran_synced as loaded_at

    from addressed

    left join shops on addressed.source_name = shops.source_name

    left join voided_transactions_aggregated
        on addressed.order_key = voided_transactions_aggregated.order_key

    left join shipping_lines_aggregated
        on addressed.order_key = shipping_lines_aggregated.order_key

)

select * from joined
