"""Keyset pagination: a page costs the same wherever it lies, and nothing large is ever counted."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.errors import Invalid

M = TypeVar("M", bound=Model)
MAX_COUNT, LONGEST = 1000, 2000


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of rows and the cursor of the next, if there is one."""

    items: list[M]
    next: str | None


def encode(values: Sequence[Any]) -> str:
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, size: int) -> list[Any]:
    """The cursor's values.

    Raises:
        Invalid: it is not one of ours.
    """
    if len(cursor) > LONGEST:
        raise Invalid(_("The cursor is not valid."), code="invalid_cursor")
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise Invalid(_("The cursor is not valid."), code="invalid_cursor") from error
    if not isinstance(values, list) or len(values) != size or any(isinstance(v, list | dict) for v in values):
        raise Invalid(_("The cursor is not valid."), code="invalid_cursor")
    return values


def after(keys: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows behind `values` in the order of `keys` (a leading minus means descending)."""
    condition = Q()
    for depth, key in enumerate(keys):
        name, operator = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
        same = {keys[i].lstrip("-"): values[i] for i in range(depth)}
        condition |= Q(**same, **{f"{name}__{operator}": values[depth]})
    return condition


def paginate(rows: QuerySet[M], keys: Sequence[str], *, limit: int, cursor: str | None = None) -> Page[M]:
    """The page of at most `limit` rows behind `cursor`. The last key must be unique."""
    ordered = rows.order_by(*keys)
    if cursor:
        values = decode(cursor, len(keys))
        try:
            ordered = ordered.filter(after(keys, values))
        except (ValueError, TypeError) as error:
            raise Invalid(_("The cursor is not valid."), code="invalid_cursor") from error
    items = list(ordered[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    last = [getattr(items[-1], key.lstrip("-")) for key in keys] if more else []
    return Page(items, encode(last) if more else None)


def counted_together(lists: Sequence[QuerySet[Any]], cap: int = MAX_COUNT) -> list[int]:
    """How many rows each of these lists has, `cap` at most, in one statement: figures that stand on every page."""
    parts: list[str] = []
    given: list[Any] = []
    for rows in lists:
        try:
            sql, values = rows.order_by().values("pk")[:cap].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
        else:
            parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608 - the queryset's own statement
            given += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", given)
        return [int(found) for found in cursor.fetchone() or ()]


def capped_count(rows: QuerySet[Any], cap: int = MAX_COUNT) -> str:
    """A count that never walks a large table: `1000+` at the cap."""
    found = rows.order_by().values("pk")[: cap + 1].count()
    return f"{cap}+" if found > cap else str(found)
