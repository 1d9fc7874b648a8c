"""The one write behind every ordinary record's form, REST operation, batch bar and import.

A save takes changes, not a whole record: the row is locked first, what nobody touched keeps what it has
then, and only the columns that differ are written (docs/decisions/0009).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model
from django.forms import BaseModelForm, ModelChoiceField
from django.forms.models import InlineForeignKeyField
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, custom_fields, stale
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.constraints import broken_rules
from yizhan.kernel.errors import Forbidden, Invalid, NotFound, StaleVersion
from yizhan.kernel.forms import dress
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.registry import resource_of

NOT_OF_THIS = _("This belongs to another customer, or to none that is chosen.")


class Kept(InlineForeignKeyField):
    """Stands for a field that the sender did not touch: it gives back what the record has.

    Its class is the one whose own value a ModelForm does not judge again; rules over several fields still see it.
    """

    def __init__(self, value: Any, widget: forms.Widget) -> None:
        forms.Field.__init__(self, required=False, disabled=True, widget=widget)
        self.value = value

    def clean(self, value: Any) -> Any:
        return self.value


def bound_form(
    actor: Actor,
    resource: Resource[Any],
    record: Model | None,
    data: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
) -> BaseModelForm[Any]:
    """The form, its choices cut to what the actor sees, and to what belongs to what is chosen.

    `start` says what is chosen before anything was sent (None in it: whatever it is).
    """
    form = resource.form_class()(data=data, instance=record)
    for name, field in form.fields.items():
        if isinstance(field, ModelChoiceField) and field.queryset is not None:
            related = resource_of(field.queryset.model)
            field.queryset = related.policy.scope(actor, related.view)
            if name in resource.empty:
                field.empty_label = str(resource.empty[name])
    chosen = start or data or {}  # of a query only `get` gives the value, unpacked it gives lists
    narrow(resource, form, {by: chosen.get(by, getattr(record, f"{by}_id", "")) for by in resource.within.values()})
    policy = resource.policy
    for name in policy.hidden_of(actor, record) if record is not None else policy.hidden_everywhere(actor):
        form.fields.pop(name, None)
    values = getattr(record, "custom", {})
    for definition in resource.custom(actor, record):
        form.fields[definition.name] = custom_fields.form_field(definition)
        form.initial[definition.name] = custom_fields.initial(definition, values)
    dress(form)
    return form


def narrow(resource: Resource[Any], form: BaseModelForm[Any], values: Mapping[str, Any]) -> None:
    """Offer of a place only those that belong to the customer that is chosen; without one, none."""
    for name, by in resource.within.items():
        field, given = form.fields.get(name), str(values.get(by, ""))
        if not isinstance(field, ModelChoiceField) or field.queryset is None or values.get(by, "") is None:
            continue
        known = given.isascii() and given.isdigit() and len(given) < 19
        field.queryset = field.queryset.filter(**{f"{by}_id": int(given)}) if known else field.queryset.none()
        field.error_messages["invalid_choice"] = NOT_OF_THIS
        if by in form.fields:
            others = [other for other, its in resource.within.items() if its == by]
            form.fields[by].widget.attrs["data-narrows"] = " ".join(others)


def refuse_hidden(actor: Actor, resource: Resource[Any], record: Model | None, names: Collection[str]) -> None:
    """What somebody does not see, he does not set either."""
    policy = resource.policy
    hidden = policy.hidden_of(actor, record) if record is not None else policy.hidden_everywhere(actor)
    if hidden & set(names):
        raise Forbidden


def keep_untouched(form: BaseModelForm[Any], resource: Resource[Any], touched: Collection[str], *, new: bool) -> None:
    """What nobody touched keeps its value; a new record's starts with its usual one, or is asked for."""
    own: Any = {f.name: f for f in form.instance._meta.get_fields()}
    for name, field in list(form.fields.items()):
        model_field = own.get(name)
        if name in touched or field.disabled or (new and (model_field is None or not usual(model_field))):
            continue
        if model_field is not None:
            value = getattr(form.instance, name)
            form.fields[name] = Kept(list(value.all()) if model_field.many_to_many else value, field.widget)
        elif name.startswith("custom_"):
            del form.fields[name]


def usual(model_field: Any) -> bool:
    return bool(not model_field.is_relation and model_field.has_default())


def locked(actor: Actor, resource: Resource[Any], pk: int) -> Model:
    record: Model | None = resource.policy.scope(actor, resource.view).select_for_update(of=("self",)).filter(pk=pk).first()
    if record is None:
        raise NotFound
    return record


def many_names(resource: Resource[Any]) -> list[str]:
    return [f.name for f in resource.model._meta.many_to_many if f.name in resource.fields]


def members(resource: Resource[Any], record: Any) -> dict[str, list[int]]:
    return {name: sorted(item.pk for item in getattr(record, name).all()) for name in many_names(resource)}


def facts(resource: Resource[Any], record: Model) -> dict[str, Any]:
    """The record as history keeps it: its own columns, and who belongs to it."""
    return audit.snapshot(record) | members(resource, record)


def version_of(resource: Resource[Any], record: Any) -> str | int:
    """What changes with every edit: of a record with a life its own count, which its acts raise too.

    Of another it follows from what people enter, keyed so that no hidden value can be guessed from it.
    """
    if resource.life:
        return int(record.version)
    names = [f.attname for f in resource.model._meta.concrete_fields if f.name in {*resource.fields, "custom"}]
    values = {name: getattr(record, name) for name in names} | members(resource, record)
    return hmac.new(settings.SECRET_KEY.encode(), audit.canonical(values).encode(), hashlib.sha256).hexdigest()[:16]


def unfit(resource: Resource[Any], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What no reader could show, by field, whichever way it came."""
    found: dict[str, list[str]] = {}
    for name in set(values) & set(resource.fields):
        try:
            if values[name] is not None:
                resource.adapter(name).check(values[name])
        except ValidationError as error:
            found[name] = [str(text) for text in error.messages]
    return found


def faults_of(form: BaseModelForm[Any]) -> dict[str, list[Any]]:
    """What a form has against what was sent; a rule of the record's speaks beside the field that it is about, in its own words."""
    fields: dict[str, list[Any]] = {name: [str(e) for e in errors] for name, errors in form.errors.items()}
    whole = fields.pop(NON_FIELD_ERRORS, [])
    rules = broken_rules(form.instance) if whole else {}
    said = {str(text) for texts in rules.values() for text in texts}
    rest = [text for text in whole if text not in said]
    return fields | ({NON_FIELD_ERRORS: rest} if rest else {}) | rules


def sound_form(
    actor: Actor, resource: Resource[Any], record: Model | None, data: Mapping[str, Any], touched: Collection[str] | None
) -> BaseModelForm[Any]:
    """The form with what was sent, its own checks and the fields' passed.

    Raises:
        Invalid: with a message per field.
    """
    form = bound_form(actor, resource, record, data)
    if touched is not None:
        keep_untouched(form, resource, touched, new=record is None)
    if not form.is_valid():
        raise Invalid(_("Some fields are not right."), fields=faults_of(form))
    bad = unfit(resource, form.cleaned_data)
    if bad:
        raise Invalid(_("Some fields are not right."), fields=bad)
    return form


def other_members(resource: Resource[Any], given: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """The many-to-many fields whose members differ from what was given."""
    names = [name for name in many_names(resource) if name in given]
    return [name for name in names if {item.pk for item in given[name]} != set(before.get(name, []))]


def raise_version(resource: Resource[Any], record: Any, before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """A record with a life counts its edits, as it counts its acts: whoever holds an older one is told."""
    differs = any(before.get(name) != value for name, value in audit.snapshot(record).items())
    if resource.life and (differs or other_members(resource, given, before)):
        record.version += 1


def write_members(resource: Resource[Any], record: Model, given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """The members of many-to-many fields, where they differ."""
    for name in other_members(resource, given, before):
        getattr(record, name).set(given[name])


@command
def save_record(
    *,
    actor: Actor,
    resource: Resource[Any],
    pk: int | None,
    data: Mapping[str, Any],
    touched: Collection[str] | None = None,
    base: Mapping[str, str] | None = None,
    version: str | int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Model:
    """Create (`pk` None) or change one ordinary record.

    `data` is what its form would send; `touched` names the fields that are meant (None: all of them). Where the
    sender saw other values before, `base` holds them as text: what differs from it is what he changed. `version`
    is the one that a program read.

    Raises:
        NotFound: out of scope, before or after the change.
        Forbidden: seen, but not the actor's to change.
        Conflict: `stale_version`, the record is not what the sender saw; `not_editable`, its form changes it in other
            states only; `already_there`, somebody was quicker.
        Invalid: with a message per field.
    """
    record = locked(actor, resource, pk) if pk is not None else None
    resource.policy.require(actor, resource.change, record)
    refuse_hidden(actor, resource, record, data.keys() if touched is None else touched)
    if record is not None and version is not None and version != version_of(resource, record):
        raise StaleVersion(version_of(resource, record))
    if record is not None and resource.life and not resource.life.is_editable(record):
        raise resource.life.refusal(record)
    if record is not None and base is not None:
        touched, clashes = stale.judge(bound_form(actor, resource, record), data, base, touched)
        if clashes:
            raise stale.StaleFields(clashes)
    before = facts(resource, record) if record else {}
    form = sound_form(actor, resource, record, data, touched)
    saved: Any = form.save(commit=False)
    custom = resource.custom(actor, record)
    if custom:
        saved.custom = custom_fields.merged(saved.custom, custom, form.cleaned_data)
    resource.prepare(actor, saved)
    resource.policy.require(actor, resource.change, saved)
    rules = broken_rules(saved) if touched is not None else {}  # a form does not look at what it keeps
    if rules:
        raise Invalid(_("Some fields are not right."), fields=rules)
    if record is not None:
        raise_version(resource, saved, before, form.cleaned_data)
    write(saved, before)
    write_members(resource, saved, form.cleaned_data, before)
    resource.finish(actor, saved, extra or {})
    if not resource.policy.scope(actor, resource.view).filter(pk=saved.pk).exists():
        raise NotFound
    after, verb = facts(resource, saved), "change" if record else "create"
    if after != before:
        audit.record(actor, f"{verb}_{resource.model._meta.model_name}", saved, before, after)
    found: Model = saved
    return found


def write(record: Model, before: Mapping[str, Any]) -> None:
    """Insert, or update the columns that differ from `before`."""
    changed = [name for name, value in audit.snapshot(record).items() if before.get(name) != value]
    if before and not changed:
        return
    if before:
        record.save(update_fields=changed)
    else:
        record.save(force_insert=True)
