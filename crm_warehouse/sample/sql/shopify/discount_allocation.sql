with allocations as (
    select line_id, created_s, 0::bigint as index, 0 as application, code_discount_c as amount_c
    from f_lines where code_discount_c > 0
    union all
    select line_id, created_s, case when code_discount_c > 0 then 1::bigint else 0::bigint end, automatic_index, automatic_discount_c
    from f_lines where automatic_discount_c > 0
)

select
    created_s as sort_s,
    line_id as order_line_id,
    index,
    application as discount_application_index,
    eur(amount_c) as amount,
    eur(amount_c) as amount_set_shop_money_amount,
    'EUR' as amount_set_shop_money_currency_code,
    synced(created_s) as _fivetran_synced
from allocations
where created_s = seen(created_s)
