"""Calendar time of the shop: how busy each day is.

Purchases are drawn on an even clock and then moved onto the calendar, so that seasons shift *when* people buy
and leave the purchase process itself (rates, dropout) as it was drawn.
"""

from datetime import date, timedelta

import numpy as np

from crm_warehouse.sample.arrays import FloatArray, IntArray
from crm_warehouse.sample.config import DAY, SHOP_END, SHOP_START, SampleConfig

MONTH_WEIGHT = (0.85, 0.84, 0.92, 0.95, 1.0, 0.94, 0.88, 0.86, 0.97, 1.05, 1.42, 1.5)
WEEKDAY_WEIGHT = (1.08, 1.0, 0.98, 0.97, 0.93, 0.88, 1.16)
SALE_WEIGHT = 2.6
# Share of a day's orders that are in by the end of each hour.
HOUR_WEIGHT = (4, 2, 1, 1, 1, 2, 4, 6, 8, 9, 10, 10, 11, 10, 10, 10, 11, 12, 14, 17, 18, 15, 11, 7)


def horizon_days() -> int:
    """Length of the shop's history."""
    return (SHOP_END - SHOP_START).days + 1


def is_sale_day(day: date) -> bool:
    """Black Friday to Cyber Monday, and the first days of July."""
    friday = date(day.year, 11, 1)
    friday += timedelta(days=(3 - friday.weekday()) % 7 + 22)
    return friday <= day <= friday + timedelta(days=3) or (day.month == 7 and day.day <= 3)


def day_weight(day: date) -> float:
    """How busy a day is compared to the average day."""
    sale = SALE_WEIGHT if is_sale_day(day) else 1.0
    return MONTH_WEIGHT[day.month - 1] * WEEKDAY_WEIGHT[day.weekday()] * sale


def operational_clock(seasonality: bool) -> FloatArray:
    """Operational time (in average days) at the start of every calendar day, ending with the horizon."""
    days = horizon_days()
    weights = np.ones(days)
    if seasonality:
        weights = np.array([day_weight(SHOP_START + timedelta(days=i)) for i in range(days)])
    passed: FloatArray = np.concatenate([[0.0], np.cumsum(weights)])
    passed *= days / passed[-1]
    return passed


def to_seconds(config: SampleConfig, operational: FloatArray) -> IntArray:
    """Move operational times (in days) onto the calendar, as unix seconds within the shop's history."""
    clock = operational_clock(config.seasonality)
    calendar = np.interp(operational, clock, np.arange(clock.size))
    day = np.minimum(np.floor(calendar), clock.size - 2)
    hours = np.concatenate([[0.0], np.cumsum(HOUR_WEIGHT)])
    within = np.interp(calendar - day, hours / hours[-1], np.arange(hours.size) / 24)
    second = np.minimum((within * DAY).astype(np.int64), DAY - 1)
    return config.start_s + day.astype(np.int64) * DAY + second
