"""Release gate: Great Expectations on the candidate file, before any reader sees it.

Belongs here: rules about published tables, and how they run and are recorded. Does not: rules that dbt tests
can hold (models' YAML), or the decision to publish (crm_warehouse/publish).
"""
