"""Filters of a declared resource: the page, the file and REST take the same ones, by the same names and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ForeignKey, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.casing import within_in_any_case
from yizhan.kernel.errors import wrong_filter
from yizhan.kernel.fields import NO, YES, adapter_of
from yizhan.kernel.models import CustomField
from yizhan.kernel.resource.registry import resource_of
from yizhan.kernel.search.tokens import initials_pattern, spelled_pattern

if TYPE_CHECKING:
    from yizhan.kernel.resource.declaration import Resource

MOST_CHOICES = 300


def condition(resource: Resource[Any], name: str, value: str) -> Q:
    """The rows that a filter's text asks for.

    Raises:
        Invalid: the text does not fit the column.
    """
    try:
        return resource.adapter(name).where(name, value)
    except ValidationError as error:
        raise wrong_filter(name) from error


def filtered(resource: Resource[Any], actor: Actor, given: QueryDict) -> QuerySet[Any]:
    """The rows in scope that the given filters leave: fields by name, `custom.<key>`, and `q` for words."""
    rows = resource.rows(actor)
    for name in resource.filters:
        value = given.get(name, "")
        if not value:
            continue
        rows = rows.filter(resource.policy.where_shown(actor, name), condition(resource, name, value))
    asked = [name for name in given if name.startswith("custom.") and given[name]]
    if asked:
        known = {f"custom.{definition.key}": definition for definition in resource.custom(actor)}
        for name in asked:
            text = given.get(name, "")
            if name not in known:
                raise wrong_filter(name)
            value = custom_value(known[name], name, text)
            rows = rows.filter(
                resource.policy.where_custom(actor, known[name].public), custom__contains={str(known[name].pk): value}
            )
    question = given.get("q", "").strip()[:100].replace("\0", "")
    return rows.filter(words(resource, actor, question)) if question and resource.contains else rows


def custom_value(definition: CustomField, name: str, value: str) -> Any:
    """A custom value as it is stored: the field's own form reads it."""
    word = value.lower()
    text = custom_fields.YES if word in YES else custom_fields.NO if word in NO else value
    try:
        kept = custom_fields.form_field(definition, required=False).clean(
            text if definition.kind == CustomField.Kind.BOOLEAN else value
        )
    except ValidationError as error:
        raise wrong_filter(name) from error
    return custom_fields.stored(kept)


def words(resource: Resource[Any], actor: Actor, question: str) -> Q:
    """Every word somewhere in the searched columns; letters also as pinyin of the name, its initials or spelled out."""
    condition = Q()
    typed = question.split()[:6]
    for word in typed:
        match = Q()
        for name in resource.contains:
            match |= within_in_any_case(name, word) & resource.policy.where_shown(actor, name)
        if "sort_key" in resource.contains and word.isascii() and word.isalpha():
            match |= Q(sort_key__iregex=initials_pattern(word)) | Q(sort_key__iregex=spelled_pattern(word, word == typed[0]))
        condition &= match
    return condition


def choices_of(resource: Resource[Any], actor: Actor, given: QueryDict) -> list[dict[str, Any]]:
    """Each filter with its choices, the chosen one marked by its value."""
    found = []
    for name in resource.filters:
        field: Any = resource.model._meta.get_field(name)
        if isinstance(field, ForeignKey):
            related = resource_of(field.related_model)
            listed = related.policy.scope(actor, related.view).order_by(*related.order)[:MOST_CHOICES]
            attribute = resource.natural.get(name, "pk")
            choices = [(str(getattr(item, attribute)), str(item)) for item in listed]
        elif isinstance(field, BooleanField):
            choices = [("1", _("yes")), ("0", _("no"))]
        else:
            choices = [(str(value), str(text)) for value, text in field.flatchoices]
        kind = "" if choices or isinstance(field, ForeignKey) else adapter_of(field).input
        found.append(
            {"name": name, "label": field.verbose_name, "choices": choices, "chosen": given.get(name, ""), "input": kind}
        )
    for definition in resource.custom(actor):
        if definition.kind == CustomField.Kind.CHOICE:
            name = f"custom.{definition.key}"
            choices = [(c, c) for c in definition.choices]
            found.append({"name": name, "label": definition.label, "choices": choices, "chosen": given.get(name, "")})
    return found


def filters_set(resource: Resource[Any], given: QueryDict) -> int:
    """How many of the list's filters are set."""
    return sum(bool(given.get(name)) for name in (*resource.filters, "q", *(n for n in given if n.startswith("custom."))))
