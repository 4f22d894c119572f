select
    horizon_days,
    candidate,
    cast(origin_date as date) as origin_date,
    release_gate,
    gate_reason,
    customer_count as people,
    actual_orders,
    predicted_orders,
    actual_revenue,
    predicted_revenue,
    top_decile_capture,
    actual_churn_rate,
    predicted_churn_rate,
    auc,
    calibration_error

from clv_model_quality

where origin_role = 'release' and is_scoring

order by horizon_days
