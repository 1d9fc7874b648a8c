"""Working days of China, until the calendars of contracts arrive: the shipped table, else plain weekdays."""

from datetime import date, datetime, timedelta

import chinese_calendar
import structlog

from yizhan.kernel import clock

log = structlog.get_logger("yizhan.calendar")


def is_working_day(day: date) -> bool:
    """Swapped workdays and holidays as published; a year not yet published counts Monday to Friday, and is logged."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        log.warning("calendar_year_unknown", year=day.year)
        return day.weekday() < 5


def after_working_days(moment: datetime, days: int) -> datetime:
    """The same local time on the `days`-th working day after `moment`."""
    local = moment.astimezone(clock.DEFAULT_ZONE)
    while days:
        local += timedelta(days=1)
        days -= is_working_day(local.date())
    return local.astimezone(moment.tzinfo)
