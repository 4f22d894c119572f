"""Dagster around the warehouse: assets, checks, schedules. Work itself is done in `crm_warehouse`."""
