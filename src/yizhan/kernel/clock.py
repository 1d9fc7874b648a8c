"""The only source of “now”, so that replays, demonstration history and tests can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DEFAULT_ZONE = ZoneInfo("Asia/Shanghai")
_moved: ContextVar[datetime | None] = ContextVar("moved_clock", default=None)


def now() -> datetime:
    """The present, aware, in UTC."""
    return _moved.get() or datetime.now(UTC)


def today(zone: ZoneInfo = DEFAULT_ZONE) -> date:
    """The calendar day in the customer's zone."""
    return now().astimezone(zone).date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Run a block as if it were `moment`."""
    token = _moved.set(moment)
    try:
        yield
    finally:
        _moved.reset(token)


def seconds_between(start: datetime, end: datetime) -> int:
    return int((end - start) / timedelta(seconds=1))
