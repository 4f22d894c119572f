select
    t.second as sort_s,
    t.transaction_id as id,
    t.order_id,
    nullif(t.refund_id, 0) as refund_id,
    nullif(t.parent_id, 0) as parent_id,
    ['authorization', 'capture', 'sale', 'void', 'refund'][t.kind + 1] as kind,
    ['success', 'failure', 'pending'][t.status + 1] as status,
    eur(t.amount_c) as amount,
    'EUR' as currency,
    ['shopify_payments', 'paypal', 'klarna', 'bank_deposit', 'gift_card'][t.gateway + 1] as gateway,
    case when t.status = 1 then 'card_declined' end as error_code,
    case when t.kind = 0 then 'auth_' || t.transaction_id end as authorization,
    case when t.gateway = 0 then ['Visa', 'Mastercard', 'American Express'][t.order_id % 3 + 1] end
        as payment_credit_card_company,
    'web' as source_name,
    t.is_test as test,
    known(t.second) as created_at,
    known(t.second) as processed_at,
    synced(t.second) as _fivetran_synced
from f_transactions as t
where t.second = seen(t.second)
