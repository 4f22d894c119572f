{{ kpis_per('month') }}
