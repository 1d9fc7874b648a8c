"""Objects from hand-written statements, for the few that every request asks (docs/performance.md).

`Model.objects.raw` would do the same; it looks at the answer's columns anew each time, which takes as long as the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """A model's own columns under an alias, in the order in which `made` takes them."""

    def __init__(self, model: type[M], alias: str) -> None:
        self.model, self.alias = model, alias

    @cached_property
    def names(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields]

    @cached_property
    def converters(self) -> list[tuple[int, Callable[..., Any]]]:
        fields = enumerate(self.model._meta.concrete_fields)
        return [(i, convert) for i, field in fields for convert in field.get_db_converters(connection)]

    def __str__(self) -> str:
        return ", ".join(f'{self.alias}."{field.column}"' for field in self.model._meta.concrete_fields)

    def made(self, row: Sequence[Any], start: int = 0) -> M | None:
        """The object that begins at this place of the row; None where an outer join found none."""
        values = list(row[start : start + len(self.names)])
        if values[0] is None:
            return None
        for i, convert in self.converters:
            values[i] = convert(values[i], None, connection)
        return self.model.from_db(connection.alias, self.names, values)


def first_row(sql: str, given: Sequence[Any] | dict[str, Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
