"""Up to when a build looks: resolved once, before any model runs.

Belongs here: days, time zones and the one rule that picks the moment. Does not: applying it to rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_warehouse.errors import WarehouseError


@dataclass(frozen=True)
class AsOf:
    """The last moment (UTC, inclusive) that counts, its day in the reporting time zone, and who chose it."""

    at: datetime
    day: date
    is_backdated: bool


def utc_now() -> datetime:
    """Now, in UTC without a zone, as every timestamp in the warehouse."""
    return datetime.now(UTC).replace(tzinfo=None)


def reporting_zone(name: str) -> ZoneInfo:
    """The time zone that decides what a day is.

    Raises:
        WarehouseError: There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise WarehouseError(
            f"vars.reporting_timezone is {name!r}, which is no IANA time zone. Use a name like Europe/Berlin or UTC."
        ) from error


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond of `day` in `zone`, in UTC."""
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return midnight.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)


def explicit(day: date, started_at: datetime, zone: ZoneInfo) -> AsOf:
    """A day that was asked for.

    Raises:
        WarehouseError: The day has not begun yet.
    """
    today = _day(started_at, zone)
    if day > today:
        raise WarehouseError(
            f"as_of {day} lies in the future (today is {today} in {zone.key}). Give a day up to today, or none to "
            "use the newest event in the data."
        )
    return AsOf(end_of_day(day, zone), day, is_backdated=True)


def moment(at: datetime, started_at: datetime, zone: ZoneInfo) -> AsOf:
    """A moment that was asked for; one of before the run is a past one.

    Raises:
        WarehouseError: The moment has not come yet.
    """
    if at > started_at:
        raise WarehouseError(f"as of {at} lies in the future (it is {started_at} UTC).")
    return AsOf(at, _day(at, zone), is_backdated=started_at - at > timedelta(minutes=1))


def newest(events: Iterable[datetime | None], started_at: datetime, zone: ZoneInfo) -> AsOf:
    """The newest credible event, but never later than the run's start."""
    known = [event for event in events if event is not None]
    at = min(started_at, max(known)) if known else started_at
    return AsOf(at, _day(at, zone), is_backdated=False)


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.replace(tzinfo=UTC).astimezone(zone).date()
