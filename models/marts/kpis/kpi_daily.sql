{{ kpis_per('day') }}
