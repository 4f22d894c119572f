-- Who somebody is stands here only where the file that is read says so: COLUMNS takes those that there are.
with

known as (

    select
        columns('^(customer_key|first_name|last_name|email|phone|city)$'),
        country_code,
        lifecycle_stage,
        rfm_group,
        churn_risk_band,
        churn_probability,
        order_count,
        net_amount,
        average_order_amount,
        predicted_revenue,
        first_purchase_date,
        last_purchase_date,
        is_email_contactable,
        email_message_opened_count,
        email_message_clicked_count,
        ticket_count,
        csat_rate,
        segment_keys

    from customer_360

)

select
    chosen.customer_number,
    known.*,
    customer_clv.value_tier,
    customer_churn.churn_drivers

from chosen
inner join known using (customer_key)
left join customer_clv using (customer_key)
left join customer_churn using (customer_key)

order by chosen.customer_number
