"""The one command behind every ordinary record's form and REST operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.forms import BaseModelForm, ModelChoiceField
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Conflict, Invalid, NotFound
from yizhan.kernel.forms import dress
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.registry import resource_of


def bound_form(
    actor: Actor, resource: Resource[Any], record: Model | None, data: Mapping[str, Any] | None = None
) -> BaseModelForm[Any]:
    """The form, its choices cut to what the actor sees."""
    form = resource.form_class()(data=data, instance=record)
    for field in form.fields.values():
        if isinstance(field, ModelChoiceField) and field.queryset is not None:
            related = resource_of(field.queryset.model)
            if related is not None:
                field.queryset = related.policy.scope(actor, related.view)
    policy = resource.policy
    for name in policy.hidden_of(actor, record) if record is not None else policy.hidden_everywhere(actor):
        form.fields.pop(name, None)
    values = getattr(record, "custom", {})
    for definition in resource.custom():
        form.fields[definition.name] = custom_fields.form_field(definition)
        form.initial[definition.name] = custom_fields.initial(definition, values)
    dress(form)
    return form


def locked(actor: Actor, resource: Resource[Any], pk: int) -> Model:
    record: Model | None = resource.policy.scope(actor, resource.view).select_for_update(of=("self",)).filter(pk=pk).first()
    if record is None:
        raise NotFound
    return record


@command
def save_record(
    *, actor: Actor, resource: Resource[Any], pk: int | None, data: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> Model:
    """Create (`pk` None) or change one ordinary record.

    Raises:
        NotFound: out of scope, before or after the change.
        Forbidden: seen, but not the actor's to change.
        Invalid: with a message per field.
    """
    record = locked(actor, resource, pk) if pk is not None else None
    resource.policy.require(actor, resource.change, record)
    before = audit.snapshot(record) if record else {}
    form = bound_form(actor, resource, record, data)
    if not form.is_valid():
        fields = {name: [str(e) for e in errors] for name, errors in form.errors.items()}
        raise Invalid(_("Some fields are not right."), fields=fields)
    saved: Any = form.save(commit=False)
    custom = resource.custom()
    if custom:
        saved.custom = custom_fields.merged(saved.custom, custom, form.cleaned_data)
    resource.prepare(actor, saved)
    resource.policy.require(actor, resource.change, saved)
    write(saved)
    form.save_m2m()
    resource.finish(actor, saved, extra or {})
    if not resource.policy.scope(actor, resource.view).filter(pk=saved.pk).exists():
        raise NotFound
    verb = "change" if record else "create"
    audit.record(actor, f"{verb}_{resource.model._meta.model_name}", saved, before, audit.snapshot(saved))
    found: Model = saved
    return found


def write(record: Model) -> None:
    """Save; where a rule of the database refuses after the form's own look, somebody else was quicker.

    Raises:
        Conflict: `already_there`.
    """
    try:
        with transaction.atomic():
            record.save()
    except IntegrityError as error:
        raise Conflict(_("Another record has this already."), code="already_there") from error
