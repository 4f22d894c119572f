"""The pipeline, one module per step: ingest, transform, publish; schedules.py says when."""
