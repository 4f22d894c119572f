select
    activity_month,
    is_complete_month,
    start_customer_count as people,
    end_customer_count,
    retention_rate,
    churn_rate,
    returned_count,
    lapsed_count

from retention_rates
cross join report_day

where activity_month >= report_day.first_month

order by activity_month
