"""One value on many records: shown first, then saved one by one, each with its own result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ForeignKey, Model
from django.utils.translation import gettext as _

from yizhan.kernel import stale
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import each_alone
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


def batch_field(resource: Resource[Any], actor: Actor, name: str, records: Sequence[Model] = ()) -> Any:
    """The form field behind a batch field, its choices cut to what the actor sees and what fits these records.

    Raises:
        Invalid: this field is not set on many at once.
    """
    if name not in resource.batch_fields(actor):
        raise Invalid(_("Choose a field."), fields={"field": [_("This is needed.")]})
    return bound_form(actor, resource, None, start=common(resource, records)).fields[name]


def common(resource: Resource[Any], records: Sequence[Model]) -> dict[str, Any]:
    """What decides about the choices, where these records agree on it."""
    found = {by: {getattr(record, f"{by}_id") for record in records} for by in resource.within.values()}
    return {by: values.pop() if len(values) == 1 else None for by, values in found.items()}


def raw(cleaned: Any) -> Any:
    """A value as the field's own widget would send it."""
    return cleaned.pk if isinstance(cleaned, Model) else cleaned


def seen_values(resource: Resource[Any], actor: Actor, records: Sequence[Model], name: str) -> dict[str, str]:
    """What a preview shows, by id, so that the change that follows undoes nothing else."""
    field = bound_form(actor, resource, None).fields[name]
    attname = getattr(resource.model._meta.get_field(name), "attname", name)
    return {str(record.pk): stale.plain(field, getattr(record, attname)) for record in records}


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
        if not problem and resource.life and not resource.life.is_editable(record):
            problem = str(resource.life.refusal(record))
        lines.append(Line(record, value_of(record, name), after, problem))
    return lines


@each_alone()
def apply(
    resource: Resource[Any],
    actor: Actor,
    records: Sequence[Model],
    name: str,
    cleaned: Any,
    seen: Mapping[str, str] | None = None,
) -> list[Line]:
    """Save this field of each by the ordinary command; one that is refused leaves the others alone."""
    after = text_of(resource, name, cleaned)
    lines = []
    for record in records:
        before, shown = value_of(record, name), (seen or {}).get(str(record.pk))
        try:
            save_record(
                actor=actor, resource=resource, pk=record.pk, data={name: raw(cleaned)}, touched={name},
                base=None if shown is None else {name: shown},
            )  # fmt: skip
        except DomainError as error:
            fields = getattr(error, "fields", {})
            detail = " ".join(str(text) for texts in fields.values() for text in texts)
            lines.append(Line(record, before, after, f"{error} {detail}".strip()))
        else:
            lines.append(Line(record, before, after, done=True))
    return lines
