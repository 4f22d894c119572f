-- Three years of cohorts over three years; older ones say nothing about how the shop does now.
select
    cohort_month,
    month_number,
    is_complete_month,
    cohort_customer_count as people,
    retention_rate,
    -- Three digits: the sales of the few who came in one month must not follow from the difference of two.
    case
        when ltv_amount is null or ltv_amount = 0 then ltv_amount
        else round(ltv_amount, cast(2 - floor(log10(abs(ltv_amount))) as integer))
    end as ltv_amount

from (
    select
        cohort_month,
        month_number,
        is_complete_month,
        cohort_customer_count,
        retention_rate,
        cast(ltv_amount as double) as ltv_amount
    from cohort_retention
) as cohorts
cross join report_day

where cohort_month > report_day.as_of - to_months(36) and month_number <= 36

order by cohort_month, month_number
