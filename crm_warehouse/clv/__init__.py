"""Customer lifetime value: what Python fits; SQL (models and macros of the same name) does the scoring."""

from crm_warehouse.clv.step import FitReport, fit

__all__ = ["FitReport", "fit"]
