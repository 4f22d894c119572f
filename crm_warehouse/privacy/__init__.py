"""Personal data: erasure of a person, proof that they are gone, access to everything known about them.

Belongs here: requests, tombstones, kept versions and the private warehouse without the person, scans. Does not: which
columns are personal (YAML beside the models) or leaving erased people out of raw input (crm_warehouse/ingest/erased).
"""
