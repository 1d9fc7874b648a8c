"""Filters of a declared resource: the page, the file and REST take the same ones, by the same names and values."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, ForeignKey, IntegerField, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid
from yizhan.kernel.models import CustomField
from yizhan.kernel.resource.registry import resource_of
from yizhan.kernel.search.tokens import initials_pattern

if TYPE_CHECKING:
    from yizhan.kernel.resource.declaration import Resource

TRUE = {"1", "true", "yes"}
MOST_CHOICES = 300


def wrong_value(name: str, value: str) -> Invalid:
    return Invalid(f"{name}: {value}", code="bad_filter", fields={name: [_("This value does not fit the filter.")]})


def typed(field: Any, name: str, value: str) -> Any:
    """A filter's text as the column's type.

    Raises:
        Invalid: it is none.
    """
    if isinstance(field, BooleanField):
        return value.lower() in TRUE
    if isinstance(field, IntegerField | ForeignKey):
        if not (value.isascii() and value.lstrip("-").isdigit() and len(value) < 19):
            raise wrong_value(name, value)
        return int(value)
    return value


def filtered(resource: Resource[Any], actor: Actor, given: QueryDict) -> QuerySet[Any]:
    """The rows in scope that the given filters leave: fields by name, `custom.<key>`, and `q` for words."""
    rows = resource.rows(actor)
    for name in resource.filters:
        value = given.get(name, "")
        if not value:
            continue
        natural = resource.natural.get(name)
        field: Any = resource.model._meta.get_field(name)
        wanted = value if natural else typed(field, name, value)
        shown = resource.policy.where_shown(actor, name)
        rows = rows.filter(shown, **{f"{name}__{natural}" if natural else name: wanted})
    asked = [name for name in given if name.startswith("custom.") and given[name]]
    if asked:
        known = {f"custom.{definition.key}": definition for definition in resource.custom(actor)}
        for name in asked:
            text = given.get(name, "")
            if name not in known:
                raise wrong_value(name, text)
            value = custom_value(known[name], name, text)
            rows = rows.filter(
                resource.policy.where_custom(actor, known[name].public), custom__contains={str(known[name].pk): value}
            )
    question = given.get("q", "").strip()[:100].replace("\0", "")
    return rows.filter(words(resource, actor, question)) if question and resource.contains else rows


def custom_value(definition: CustomField, name: str, value: str) -> Any:
    if definition.kind == CustomField.Kind.BOOLEAN:
        return value.lower() in TRUE
    if definition.kind == CustomField.Kind.INTEGER:
        return typed(IntegerField(), name, value)
    if definition.kind == CustomField.Kind.DATE:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise wrong_value(name, value) from error
    return value


def words(resource: Resource[Any], actor: Actor, question: str) -> Q:
    """Every word somewhere in the searched columns; letters also as pinyin initials of the name."""
    condition = Q()
    for word in question.split()[:6]:
        match = Q()
        for name in resource.contains:
            match |= Q(**{f"{name}__icontains": word}) & resource.policy.where_shown(actor, name)
        if "sort_key" in resource.contains and word.isascii() and word.isalpha():
            match |= Q(sort_key__iregex=initials_pattern(word))
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
        found.append({"name": name, "label": field.verbose_name, "choices": choices, "chosen": given.get(name, "")})
    for definition in resource.custom(actor):
        if definition.kind == CustomField.Kind.CHOICE:
            name = f"custom.{definition.key}"
            choices = [(c, c) for c in definition.choices]
            found.append({"name": name, "label": definition.label, "choices": choices, "chosen": given.get(name, "")})
    return found


def is_filtered(resource: Resource[Any], given: QueryDict) -> bool:
    return any(given.get(name) for name in (*resource.filters, "q")) or any(name.startswith("custom.") for name in given)
