"""Entries that an installation adds to its records: typed, validated, searchable, exported.

An app registers the kinds of record that take them; values lie in the record's `custom`
column, keyed by definition id, so that renaming a field loses nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from yizhan.kernel.errors import Invalid, Text
from yizhan.kernel.models import CustomField

Kind = CustomField.Kind
Groups = Callable[[], list[tuple[str, str]]]
YES, NO = "true", "false"


@dataclass(frozen=True)
class Target:
    """One kind of record that takes custom fields; `groups` are the codes that may narrow one (a ticket's categories)."""

    model: str
    label: Text
    groups: Groups | None = None


_targets: dict[str, Target] = {}


def register_target(model: str, label: Text, groups: Groups | None = None) -> None:
    _targets[model] = Target(model, label, groups)


def targets() -> list[Target]:
    return list(_targets.values())


def definitions(target: str, group: str | None = None) -> list[CustomField]:
    """The active fields of a kind of record; with `group`, those of that category or class and those of all."""
    if target not in _targets:
        return []
    rows = CustomField.objects.filter(target=target, active=True)
    if group is not None:
        rows = rows.filter(group__in=["", group])
    return list(rows.order_by("position", "pk"))


def form_field(definition: CustomField, *, required: bool | None = None) -> forms.Field:
    """The field that asks for a value, validates it and gives it typed."""
    common: dict[str, Any] = {
        "label": definition.label,
        "required": definition.required if required is None else required,
    }
    match definition.kind:
        case Kind.LONG_TEXT:
            return forms.CharField(max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}), **common)
        case Kind.INTEGER:
            return forms.IntegerField(min_value=-(10**12), max_value=10**12, **common)
        case Kind.DECIMAL:
            return forms.DecimalField(max_digits=18, decimal_places=4, **common)
        case Kind.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
        case Kind.BOOLEAN:
            choices = [("", "–"), (YES, _("yes")), (NO, _("no"))]
            return forms.TypedChoiceField(choices=choices, coerce=lambda v: v == YES, empty_value=None, **common)
        case Kind.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *((c, c) for c in definition.choices)], **common)
    return forms.CharField(max_length=255, **common)


def stored(value: Any) -> Any:
    """A typed value as JSON holds it; None for an empty one."""
    if value in (None, ""):
        return None
    if isinstance(value, date):
        return value.isoformat()
    return str(value.normalize()) if isinstance(value, Decimal) else value


def initial(definition: CustomField, values: Mapping[str, Any]) -> Any:
    """A stored value as a form shows it."""
    value = values.get(str(definition.pk))
    return {True: YES, False: NO}.get(value, value) if isinstance(value, bool) else value


def shown(definition: CustomField, values: Mapping[str, Any]) -> Any:
    """A stored value as people read it and files carry it; empty text for none."""
    value = values.get(str(definition.pk))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return ""
    return Decimal(value) if definition.kind == Kind.DECIMAL else value


def merged(old: Mapping[str, Any], fields: Iterable[CustomField], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The record's values with what a form gave; what it did not ask for stays."""
    values = dict(old)
    for definition in fields:
        if definition.name not in cleaned:
            continue
        value = stored(cleaned[definition.name])
        values.pop(str(definition.pk), None)
        if value is not None:
            values[str(definition.pk)] = value
    return values


def from_program(fields: Iterable[CustomField], given: Mapping[str, Any]) -> dict[str, Any]:
    """A program's `{key: value}` as typed values by form name.

    Raises:
        Invalid: an unknown key, or a value that does not fit its kind.
    """
    known = {definition.key: definition for definition in fields}
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {f"custom.{key}": [_("Unknown custom field.")] for key in given if key not in known}
    for key, value in given.items():
        if key not in known:
            continue
        text = {True: YES, False: NO}.get(value, value) if isinstance(value, bool) else value
        try:
            found[known[key].name] = form_field(known[key]).clean(text)
        except ValidationError as error:
            wrong[f"custom.{key}"] = list(error.messages)
    if wrong:
        raise Invalid(_("Some fields are not right."), fields=wrong)
    return found


def for_program(fields: Iterable[CustomField], values: Mapping[str, Any], *, public_only: bool = False) -> dict[str, Any]:
    """A record's values by key, None for empty ones."""
    return {d.key: values.get(str(d.pk)) for d in fields if d.public or not public_only}


def search_texts(fields: Iterable[CustomField], values: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """(public, internal) words of the searchable values."""
    public: list[str] = []
    internal: list[str] = []
    for definition in fields:
        value = values.get(str(definition.pk))
        if definition.searchable and value not in (None, "") and not isinstance(value, bool):
            (public if definition.public else internal).append(str(value))
    return public, internal
