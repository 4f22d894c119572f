"""Journey triggers every hour: computed alone, from fresh raw tables and the published customers.

Belongs here: what such a run reads, its steps and its published file. Does not: when somebody is due (SQL in
models/marts/journeys) or the clock (orchestration/).
"""

from crm_warehouse.journeys.refresh import Refreshed, refresh_triggers

__all__ = ["Refreshed", "refresh_triggers"]
