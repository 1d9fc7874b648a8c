"""Keyset pagination: a page costs the same wherever it lies, and nothing large is ever counted."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from django.core.exceptions import EmptyResultSet, ImproperlyConfigured, ValidationError
from django.db import connection
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.errors import Invalid
from yizhan.kernel.fields import Adapter, Related, adapter_of, at_path

M = TypeVar("M", bound=Model)
MAX_COUNT, LONGEST = 1000, 4000


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of rows and the cursor of the next, if there is one."""

    items: list[M]
    next: str | None


def refuse(error: Exception | None = None) -> NoReturn:
    raise Invalid(_("The cursor is not valid."), code="invalid_cursor") from error


def no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def encode(values: Sequence[Any], order: str = "") -> str:
    """`values` are JSON's own; `order` names the list that the cursor is for."""
    return base64.urlsafe_b64encode(json.dumps([order, *values]).encode()).decode().rstrip("=")


def decode(cursor: str, size: int, order: str = "") -> list[Any]:
    """The cursor's values.

    Raises:
        Invalid: it is not one of ours, or one of another list.
    """
    if len(cursor) > LONGEST:
        refuse()
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), parse_constant=no_constant)
    except (ValueError, binascii.Error, UnicodeError, RecursionError) as error:
        refuse(error)
    if not isinstance(values, list) or len(values) != size + 1 or values[0] != order:
        refuse()
    members = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if any(isinstance(item, dict | list) for item in members):
        refuse()
    return values[1:]


@dataclass(frozen=True)
class Key:
    """One field of an order. PostgreSQL's usual place for NULL is kept: last when ascending, first when descending."""

    path: str
    descending: bool
    adapter: Adapter
    nullable: bool

    def ordering(self) -> OrderBy | str:
        if not self.nullable:
            return f"-{self.path}" if self.descending else self.path
        return F(self.path).desc(nulls_first=True) if self.descending else F(self.path).asc(nulls_last=True)

    def beyond(self, value: Any) -> Q:
        """The rows behind a value."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if self.descending else Q(pk__in=[])
        if self.descending:
            return Q(**{f"{self.path}__lt": value})
        behind = Q(**{f"{self.path}__gt": value})
        return behind | Q(**{f"{self.path}__isnull": True}) if self.nullable else behind

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def of(self, row: Any) -> Any:
        value = row
        for step in self.path.split("__"):
            value = getattr(value, step, None)
        return None if value is None else self.adapter.plain(value)

    def read(self, value: Any) -> Any:
        if value is None:
            return None if self.nullable else refuse()
        try:
            return self.adapter.read(value)
        except ValidationError as error:
            refuse(error)


def key_of(rows: QuerySet[Any], name: str) -> Key:
    path, descending = name.removeprefix("-"), name.startswith("-")
    annotation = rows.query.annotations.get(path)
    adapter, nullable = at_path(rows.model, path) if annotation is None else (adapter_of(annotation.output_field), True)
    if isinstance(adapter, Related) and not path.endswith("_id"):
        path = f"{path}_id"  # by the key itself, not by the other record's own order
    if not adapter.orderable:
        raise ImproperlyConfigured(f"{rows.model._meta.label}.{path} has no order")
    return Key(path, descending, adapter, nullable)


def after(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows behind `values` in the order of `keys`."""
    condition = Q()
    for depth, key in enumerate(keys):
        step = Q()
        for earlier in range(depth):
            step &= keys[earlier].same(values[earlier])
        condition |= step & key.beyond(values[depth])
    return condition


def paginate(rows: QuerySet[M], keys: Sequence[str], *, limit: int, cursor: str | None = None) -> Page[M]:
    """The page of at most `limit` rows behind `cursor`. The last key must be unique."""
    order, named = [key_of(rows, name) for name in keys], ",".join(keys)
    ordered = rows.order_by(*(key.ordering() for key in order))
    if cursor:
        given = decode(cursor, len(keys), named)
        ordered = ordered.filter(after(order, [key.read(value) for key, value in zip(order, given, strict=True)]))
    items = list(ordered[: limit + 1])
    more = len(items) > limit
    items = items[:limit]
    return Page(items, encode([key.of(items[-1]) for key in order], named) if more else None)


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
