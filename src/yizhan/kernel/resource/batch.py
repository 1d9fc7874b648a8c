"""One value on many records: shown first, then saved one by one, each with its own result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ForeignKey, ManyToManyField, Model
from django.utils.translation import gettext as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import DomainError, Invalid
from yizhan.kernel.resource.declaration import Resource, value_of
from yizhan.kernel.resource.saving import bound_form, save_record

MOST = 500


@dataclass(frozen=True)
class Line:
    """One record of a batch: what it has, what it would get, and why it cannot, or what came of it."""

    record: Model
    before: Any
    after: Any
    problem: str = ""
    done: bool = False


def chosen_records(resource: Resource[Any], actor: Actor, ids: Sequence[str]) -> list[Model]:
    """The chosen rows that the actor sees."""
    keys = {int(pk) for pk in ids if pk.isascii() and pk.isdigit() and len(pk) < 19}
    if not keys:
        raise Invalid(_("Choose at least one row."), code="nothing_chosen")
    if len(keys) > MOST:
        raise Invalid(_("At most 500 rows at once."), code="too_many_rows")
    return list(resource.rows(actor).filter(pk__in=keys).order_by(*resource.order))


def batch_field(resource: Resource[Any], actor: Actor, name: str) -> Any:
    """The form field behind a batch field, its choices cut to what the actor sees.

    Raises:
        Invalid: this field is not set on many at once.
    """
    if name not in resource.batch_fields(actor):
        raise Invalid(_("Choose a field."), fields={"field": [_("This is needed.")]})
    return bound_form(actor, resource, None).fields[name]


def current_data(resource: Resource[Any], record: Any) -> dict[str, Any]:
    """A record as its own form would send it."""
    data: dict[str, Any] = {}
    for name in resource.fields:
        field: Any = resource.model._meta.get_field(name)
        if isinstance(field, ManyToManyField):
            data[name] = list(getattr(record, name).values_list("pk", flat=True))
        elif isinstance(field, BooleanField):
            if getattr(record, name):
                data[name] = "on"
        else:
            value = getattr(record, field.attname)
            data[name] = "" if value is None else value
    for definition in resource.custom():
        data[definition.name] = record.custom.get(str(definition.pk), "")
    return data


def text_of(resource: Resource[Any], name: str, cleaned: Any) -> Any:
    field: Any = resource.model._meta.get_field(name)
    if isinstance(field, ForeignKey | BooleanField):
        return cleaned
    return dict(field.flatchoices).get(cleaned, cleaned)


def preview(resource: Resource[Any], actor: Actor, records: Sequence[Model], name: str, cleaned: Any) -> list[Line]:
    after = text_of(resource, name, cleaned)
    lines = []
    for record in records:
        allowed = resource.policy.allows(actor, resource.change, record)
        same = getattr(record, name) == cleaned
        problem = "" if allowed and not same else _("It is so already.") if same else _("You may not do this.")
        lines.append(Line(record, value_of(record, name), after, problem))
    return lines


def apply(resource: Resource[Any], actor: Actor, records: Sequence[Model], name: str, cleaned: Any) -> list[Line]:
    """Save each by the ordinary command; one that is refused leaves the others alone."""
    after = text_of(resource, name, cleaned)
    lines = []
    for record in records:
        before, data = value_of(record, name), current_data(resource, record)
        if isinstance(cleaned, bool):
            data.pop(name, None)
            data |= {name: "on"} if cleaned else {}
        else:
            data[name] = cleaned.pk if isinstance(cleaned, Model) else cleaned
        try:
            save_record(actor=actor, resource=resource, pk=record.pk, data=data)
        except DomainError as error:
            fields = getattr(error, "fields", {})
            detail = " ".join(str(text) for texts in fields.values() for text in texts)
            lines.append(Line(record, before, after, f"{error} {detail}".strip()))
        else:
            lines.append(Line(record, before, after, done=True))
    return lines
