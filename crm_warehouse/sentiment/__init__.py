"""How customers sound in their support messages, computed on this machine: no text leaves it, and none is kept."""

from crm_warehouse.sentiment.step import score_messages

__all__ = ["score_messages"]
