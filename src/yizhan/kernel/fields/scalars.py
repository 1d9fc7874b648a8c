"""One adapter per kind of field: how its values are read and shown, for every face alike.

Forms check and clean by themselves; whatever else meets a value (REST, filters, cursors, cells, columns, files,
history, OpenAPI) asks the adapter. `read(plain(value))` gives the value back, for every kind and face.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db import connection
from django.db.models import Q
from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, StrictBool, StrictFloat, StrictInt
from pydantic import Field as Schema

from yizhan.kernel import clock

YES = {"1", "true", "yes", "y", "on", "是", "√", "✓", "对", "有"}
NO = {"0", "false", "no", "n", "off", "否", "×", "✗", "无"}
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def wrong() -> ValidationError:
    return ValidationError(_("This value does not fit."), code="invalid")


def split(text: str) -> list[str]:
    """The members of a list in one cell, whatever comma somebody types."""
    parts = text.replace("，", ",").replace("、", ",").replace("\n", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


class Adapter:
    """Text, and what a field kind without an own adapter is treated as."""

    json: Any = str
    input = "text"
    orderable = True

    def __init__(self, field: Any) -> None:
        self.field = field

    def read(self, given: Any) -> Any:
        """What a program or an address gives, as the column's type.

        Raises:
            ValidationError: it does not fit.
        """
        if not isinstance(given, str) or "\0" in given:
            raise wrong()
        try:
            given.encode()
        except UnicodeEncodeError as error:
            raise wrong() from error
        return given

    def plain(self, value: Any) -> Any:
        """A value as JSON holds it; never called with None."""
        return str(value)

    def shown(self, value: Any) -> Any:
        """A value for columns and files: numbers and times stay what they are."""
        return value

    def words(self, kept: Any) -> str:
        """What history kept of a value (its JSON), as people read it."""
        try:
            return str(self.shown(self.read(kept)))
        except (ValidationError, TypeError, ValueError):
            return str(kept)

    def cell(self, text: str) -> Any:
        """A sheet's cell."""
        return self.read(text)

    def check(self, value: Any) -> None:
        """Refuse what the column, or a reader in any time zone, could not hold.

        Raises:
            ValidationError: with the reason.
        """

    def where(self, path: str, text: str) -> Q:
        """The rows that a filter's text asks for."""
        return Q(**{path: self.read(text)})

    def schema(self) -> Any:
        """The type of `plain`'s values, for OpenAPI."""
        return self.json

    def entry(self) -> Any:
        """The type of what a program may send."""
        longest = getattr(self.field, "max_length", None)
        kind = self.schema()
        # The form refuses an empty one in words of its own; the document tells it all the same.
        told: Any = {} if self.field.blank else {"minLength": 1}
        if kind in {date, datetime, time, timedelta, uuid.UUID}:
            return Annotated[kind, BeforeValidator(self.fit)]
        return Annotated[kind, Schema(max_length=longest, json_schema_extra=told)] if kind is str else kind

    def fit(self, given: Any) -> Any:
        """`read` for pydantic, which would take a number for a date."""
        try:
            return self.read(given)
        except ValidationError as error:
            raise ValueError("does not fit") from error


class Whole(Adapter):
    json, input = int, "number"

    def bounds(self) -> tuple[int, int]:
        low, high = connection.ops.integer_field_range(self.field.get_internal_type())
        return (-(2**63) if low is None else low), (2**63 - 1 if high is None else high)

    def read(self, given: Any) -> int:
        if isinstance(given, str) and given.isascii() and given.removeprefix("-").isdigit() and len(given) < 21:
            given = int(given)
        low, high = self.bounds()
        if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
            raise wrong()
        return given

    def plain(self, value: Any) -> int:
        return int(value)

    def entry(self) -> Any:
        low, high = self.bounds()
        return Annotated[StrictInt, Schema(ge=low, le=high)]


class Switch(Adapter):
    json = bool

    def read(self, given: Any) -> bool:
        if isinstance(given, bool):
            return given
        word = str(given).strip().casefold() if isinstance(given, str | int) else ""
        if word not in YES | NO:
            raise ValidationError(_("“{text}” is neither yes nor no.").format(text=given))
        return word in YES

    def plain(self, value: Any) -> bool:
        return bool(value)

    def entry(self) -> Any:
        return StrictBool

    def words(self, kept: Any) -> str:
        return str(_("yes") if kept else _("no"))


class Number(Adapter):
    """Decimal numbers; text in JSON, so that none is rounded on the way."""

    input = "number"

    def read(self, given: Any) -> Decimal:
        if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal) or len(str(given)) > 1000:
            raise wrong()
        try:
            value = Decimal(str(given).strip())
        except InvalidOperation as error:
            raise wrong() from error
        self.check(value)
        return value

    def check(self, value: Any) -> None:
        if not value.is_finite() or abs(value.adjusted()) > 1000:
            raise wrong()
        if self.field.max_digits is not None:
            self.field.run_validators(value)

    def plain(self, value: Any) -> str:
        return format(value, "f")

    def entry(self) -> Any:
        return Decimal


class Real(Adapter):
    json, input = float, "number"

    def read(self, given: Any) -> float:
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise wrong()
        try:
            value = float(given)
        except (ValueError, OverflowError) as error:
            raise wrong() from error
        if not math.isfinite(value):
            raise wrong()
        return value

    def plain(self, value: Any) -> float:
        return float(value)

    def entry(self) -> Any:
        return StrictFloat


class Day(Adapter):
    json, input = date, "date"

    def read(self, given: Any) -> date:
        try:
            return date.fromisoformat(given)
        except (TypeError, ValueError) as error:
            raise wrong() from error

    def plain(self, value: Any) -> str:
        return str(value.isoformat())


def settled(value: datetime) -> datetime:
    """A point in time in UTC, far enough from the ends of the calendar that every zone can show it."""
    value = value if value.tzinfo else value.replace(tzinfo=clock.DEFAULT_ZONE)
    if not EARLIEST <= value <= LATEST:
        raise ValidationError(_("This date is out of range."), code="out_of_range")
    return value.astimezone(UTC)


class Moment(Adapter):
    """Points in time. Without an offset the local zone is meant; a day alone, in a filter, means all of it."""

    json, input = datetime, "date"

    def read(self, given: Any) -> datetime:
        try:
            value = datetime.fromisoformat(given)
        except (TypeError, ValueError) as error:
            raise wrong() from error
        return settled(value)

    def check(self, value: Any) -> None:
        settled(value)

    def plain(self, value: Any) -> str:
        return str(value.isoformat())

    def words(self, kept: Any) -> str:
        try:
            return f"{self.read(kept).astimezone(clock.DEFAULT_ZONE):%Y-%m-%d %H:%M}"
        except ValidationError:
            return str(kept)

    def where(self, path: str, text: str) -> Q:
        value = self.read(text)
        if len(text) > len("2026-11-22"):
            return Q(**{path: value})
        return Q(**{f"{path}__gte": value, f"{path}__lt": value + timedelta(days=1)})


class Hour(Adapter):
    json, input = time, "time"

    def read(self, given: Any) -> time:
        try:
            value = time.fromisoformat(given)
        except (TypeError, ValueError) as error:
            raise wrong() from error
        if value.tzinfo:
            raise wrong()
        return value

    def plain(self, value: Any) -> str:
        return str(value.isoformat())


class Span(Adapter):
    """Durations, as ISO 8601."""

    json = timedelta

    def read(self, given: Any) -> timedelta:
        try:
            value = parse_duration(given) if isinstance(given, str) and len(given) < 100 else None
        except (OverflowError, ValueError) as error:
            raise wrong() from error
        if value is None:
            raise wrong()
        return value

    def plain(self, value: Any) -> str:
        return duration_iso_string(value)

    def shown(self, value: Any) -> str:
        return str(value)


class Mark(Adapter):
    json = uuid.UUID

    def read(self, given: Any) -> uuid.UUID:
        try:
            return uuid.UUID(given)
        except (TypeError, ValueError, AttributeError) as error:
            raise wrong() from error

    def shown(self, value: Any) -> str:
        return str(value)


class Address(Adapter):
    """An IP address."""

    def read(self, given: Any) -> str:
        text = str(super().read(given)).strip()
        validate_ipv46_address(text)
        return text


class Free(Adapter):
    """JSON of any shape: it has no order, and stands in files as text."""

    json, orderable = Any, False

    def read(self, given: Any) -> Any:
        return given

    def cell(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise wrong() from error

    def plain(self, value: Any) -> Any:
        return value

    def shown(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    def where(self, path: str, text: str) -> Q:
        return Q(**{path: self.cell(str(Adapter.read(self, text)))})


class Bytes(Adapter):
    """Binary columns, in base64."""

    def read(self, given: Any) -> bytes:
        try:
            return base64.b64decode(given, validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise wrong() from error

    def plain(self, value: Any) -> str:
        return base64.b64encode(value).decode()

    def shown(self, value: Any) -> str:
        return self.plain(value)


class Stored(Adapter):
    """A file's name: programs read it, uploads go their own way."""

    def plain(self, value: Any) -> str:
        return str(value.name if hasattr(value, "name") else value)

    def shown(self, value: Any) -> str:
        return self.plain(value)
