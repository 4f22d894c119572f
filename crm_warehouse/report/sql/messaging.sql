-- E-mail by month, for everybody.
select
    kpi_monthly.period_start as starts_on,
    kpi_monthly.email_delivered_count as people,
    kpi_monthly.email_delivery_rate,
    kpi_monthly.email_open_rate,
    kpi_monthly.email_click_rate,
    kpi_monthly.email_unsubscribe_rate

from kpi_monthly
cross join report_day

where kpi_monthly.period_start >= report_day.first_month

order by kpi_monthly.period_start
