"""Kinds that are made of others: lists, choices, relations; and which adapter a field has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from yizhan.kernel.fields.scalars import (
    Adapter,
    Address,
    Bytes,
    Day,
    Free,
    Hour,
    Mark,
    Moment,
    Number,
    Real,
    Span,
    Stored,
    Switch,
    Whole,
    split,
    wrong,
)  # fmt: skip


class Several(Adapter):
    """A list in one column."""

    def __init__(self, field: Any) -> None:
        super().__init__(field)
        self.one = adapter_of(field.base_field)

    def read(self, given: Any) -> list[Any]:
        if not isinstance(given, list | tuple):
            raise wrong()
        return [None if item is None else self.one.read(item) for item in given]

    def plain(self, value: Any) -> list[Any]:
        return [None if item is None else self.one.plain(item) for item in value]

    def shown(self, value: Any) -> str:
        return "、".join(str(self.one.shown(item)) for item in value)

    def cell(self, text: str) -> list[Any]:
        return [self.one.cell(part) for part in split(text)]

    def where(self, path: str, text: str) -> Q:
        return Q(**{f"{path}__contains": [self.one.read(text)]})

    def schema(self) -> Any:
        return list[self.one.schema()]  # type: ignore[misc]

    def entry(self) -> Any:
        return list[self.one.entry()]  # type: ignore[misc]


class Choice(Adapter):
    """One of a column's choices: people see its label, programs its value."""

    def __init__(self, field: Any, inner: Adapter) -> None:
        super().__init__(field)
        self.inner, self.json, self.orderable = inner, inner.json, inner.orderable

    def read(self, given: Any) -> Any:
        return self.inner.read(given)

    def plain(self, value: Any) -> Any:
        return self.inner.plain(value)

    def shown(self, value: Any) -> Any:
        return str(dict(self.field.flatchoices).get(value, value))

    @cached_property
    def labels(self) -> dict[str, Any]:
        """Stored values and their labels, in both languages, as keys."""
        found: dict[str, Any] = {}
        for language in ("zh-hans", "en"):
            with override(language):
                found |= {str(label).casefold(): value for value, label in self.field.flatchoices}
        return found | {str(value).casefold(): value for value, _label in self.field.flatchoices}

    def cell(self, text: str) -> Any:
        known = self.labels
        if text.casefold() not in known:
            raise ValidationError(_("“{text}” is none of the choices.").format(text=text))
        return known[text.casefold()]

    def entry(self) -> Any:
        values = tuple(value for value, _label in self.field.flatchoices)
        return Literal[(*values, "") if self.field.blank and self.json is str and "" not in values else values]

    def schema(self) -> Any:
        return self.entry()


class Related(Adapter):
    """A relation, by the key or (`natural`) by the field that programs know the other record by."""

    def __init__(self, field: Any, natural: str = "") -> None:
        super().__init__(field)
        target = field.related_model._meta.get_field(natural) if natural else getattr(field, "target_field", None)
        self.natural, self.one = natural, adapter_of(target or field.related_model._meta.pk)
        self.json = self.one.json

    def read(self, given: Any) -> Any:
        return self.one.read(given)

    def plain(self, value: Any) -> Any:
        """Of a record, its name for programs; of a key, the key."""
        if isinstance(value, models.Model):
            value = getattr(value, self.natural or value._meta.pk.attname)
        return self.one.plain(value)

    def shown(self, value: Any) -> Any:
        return str(value)

    def where(self, path: str, text: str) -> Q:
        return self.one.where(f"{path}__{self.natural}" if self.natural else path, text)

    def schema(self) -> Any:
        return self.one.schema()

    def entry(self) -> Any:
        return self.one.entry()


class Members(Related):
    """A relation to many."""

    orderable = False

    def read(self, given: Any) -> list[Any]:
        if not isinstance(given, list | tuple):
            raise wrong()
        return [self.one.read(item) for item in given]

    def plain(self, value: Any) -> list[Any]:
        return [super(Members, self).plain(item) for item in value.all()]

    def shown(self, value: Any) -> str:
        return "、".join(str(item) for item in value.all())

    def schema(self) -> Any:
        return list[self.one.schema()]  # type: ignore[misc]

    def entry(self) -> Any:
        return list[self.one.entry()]  # type: ignore[misc]


KINDS: Mapping[type[Any], type[Adapter]] = {
    models.ManyToManyField: Members, models.ForeignKey: Related, ArrayField: Several, models.BooleanField: Switch,
    models.IntegerField: Whole, models.AutoField: Whole, models.BigAutoField: Whole, models.SmallAutoField: Whole,
    models.DecimalField: Number, models.FloatField: Real, models.DateTimeField: Moment, models.DateField: Day,
    models.TimeField: Hour, models.DurationField: Span, models.UUIDField: Mark, models.GenericIPAddressField: Address,
    models.JSONField: Free, models.BinaryField: Bytes, models.FileField: Stored,
}  # fmt: skip


def adapter_of(field: Any, natural: str = "") -> Adapter:
    """The adapter of a model's field; `natural` is the field that a relation is known by outside."""
    if isinstance(field, models.GeneratedField):
        field = field.output_field
    kind = next((adapter for known, adapter in KINDS.items() if isinstance(field, known)), Adapter)
    if issubclass(kind, Related):
        return kind(field, natural)
    made = kind(field)
    return Choice(field, made) if getattr(field, "choices", None) else made


def at_path(model: type[models.Model], path: str) -> tuple[Adapter, bool]:
    """(the adapter, whether the value may be missing) of a field that lies across relations: `customer__code`."""
    missing, name = False, ""
    *steps, name = path.split("__")
    for step in steps:
        relation: Any = model._meta.get_field(step)
        missing, model = missing or bool(getattr(relation, "null", True)), relation.related_model
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return adapter_of(field), missing or bool(field.null or isinstance(field, models.GeneratedField))
