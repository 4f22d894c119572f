"""The plain Python half of the warehouse: sample data, ingest, CLV fit, quality, publishing, reports.

Nothing in this package imports Dagster; `orchestration/` wraps it.
"""
