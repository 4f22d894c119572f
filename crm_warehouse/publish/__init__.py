"""Write–audit–publish: from a finished build in the private warehouse to the file that readers open.

Belongs here: the writer lock, the proof that a build is complete, the candidate file, versions, the switch.
Does not: what makes data good (dbt tests, crm_warehouse/quality) or when a build runs (orchestration/).
"""
