"""What one declares to get an ordinary record's pages and REST operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, TypeVar

from django.db.models import BooleanField, ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import BaseModelForm, ModelForm, modelform_factory
from django.http import QueryDict
from django.urls import reverse

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Text
from yizhan.kernel.fields import Adapter, adapter_of
from yizhan.kernel.lifecycle import Life
from yizhan.kernel.listing import Column, Listing
from yizhan.kernel.listing.queries import is_among
from yizhan.kernel.models import CustomField
from yizhan.kernel.policy import Policy
from yizhan.kernel.resource.filtering import filtered
from yizhan.kernel.resource.registry import resource_of

M = TypeVar("M", bound=Model)


class Resource(Listing[M]):
    """Subclass, fill in the attributes, `register`. `docs/adding-a-model.md` walks through one.

    `key` is the field that REST paths carry; `natural` maps a relation to the field of the
    related model that REST and filters show instead of an id; `order` ends with a unique field;
    `match` are the fields by which an imported row finds its record (without it, none is imported);
    `within` says that what one field offers belongs to what another names (a site to its customer);
    `aliases` are further headings that people's own sheets use for a field; `labels` head columns
    that are no fields; `helps` are a word of help at a field, in place of the model's; `empty` says what a relation
    left out means, where that is more than nothing; `life` says what can be done with a record and in which states its
    form may change it (its model has an integer `version` then); `shortcuts` are further pages for those who may change
    (route, icon, label).
    """

    model: type[M]
    icon = "list"
    policy: Policy[M]
    view: Permission
    change: Permission
    columns: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    key = "id"
    natural: Mapping[str, str] = {}
    order: tuple[str, ...] = ("id",)
    contains: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    within: Mapping[str, str] = {}
    aliases: Mapping[str, tuple[str, ...]] = {}
    labels: Mapping[str, Text] = {}
    empty: Mapping[str, Text] = {}
    helps: Mapping[str, Text] = {}
    life: type[Life[Any]] | None = None
    in_api = True
    can_create = True
    form: type[ModelForm[Any]] | None = None
    shortcuts: tuple[tuple[str, str, Text], ...] = ()

    def rows(self, actor: Actor) -> QuerySet[M]:
        """The rows of the list, with everything that its columns need."""
        joins = [f.name for f in self.relations() if isinstance(f, ForeignKey)]
        many = [f.name for f in self.relations() if isinstance(f, ManyToManyField)]
        return self.policy.scope(actor, self.view).select_related(*joins).prefetch_related(*many)

    def relations(self) -> list[Any]:
        names = dict.fromkeys((*self.columns, *self.shown, *self.filters))
        found = [self.model._meta.get_field(n) for n in names if self.is_field(n)]
        return [f for f in found if isinstance(f, ForeignKey | ManyToManyField)]

    @cached_property
    def field_names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.model._meta.get_fields())

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Every field that people and programs are shown, with where the record is in its life."""
        of_life = (self.life.state, self.life.sub_state) if self.life else ()
        return tuple(dict.fromkeys((*self.fields, *filter(None, of_life), *self.read_only)))

    def is_field(self, name: str) -> bool:
        return name in self.field_names

    def adapter(self, name: str) -> Adapter:
        """How a field's values are read and shown; made once, a list of 200 asks often."""
        found = self.adapters.get(name)
        if found is None:
            found = self.adapters[name] = adapter_of(self.model._meta.get_field(name), self.natural.get(name, ""))
        return found

    @cached_property
    def adapters(self) -> dict[str, Adapter]:
        return {}

    def heading(self, name: str) -> str:
        field: Any = self.model._meta.get_field(name) if self.is_field(name) else None
        return str(self.labels.get(name) or getattr(field, "verbose_name", name))

    def custom(self, actor: Actor, record: M | None = None) -> list[CustomField]:
        """The installation's own fields that the actor sees on this record (or on any)."""
        if not self.is_field("custom"):
            return []
        staff = self.policy.shows_internal(actor, record)
        return [d for d in custom_fields.definitions(self.model._meta.label_lower) if d.public or staff]

    def batch_fields(self, actor: Actor) -> list[str]:
        """What may be set on many records at once: choices, switches and relations that do not identify one."""
        hidden = self.policy.hidden_everywhere(actor)
        found = []
        for name in self.fields:
            field: Any = self.model._meta.get_field(name)
            one = isinstance(field, ForeignKey) and not field.unique
            if name not in {*self.match, *hidden} and (one or isinstance(field, BooleanField) or field.choices):
                found.append(name)
        return found

    def form_class(self) -> type[BaseModelForm[Any]]:
        helps: Any = self.helps
        return modelform_factory(self.model, form=self.form or ModelForm, fields=self.fields, help_texts=helps)

    def prepare(self, actor: Actor, record: M) -> None:
        """Fill what is derived, just before the row is written."""

    def finish(self, actor: Actor, record: M, extra: Mapping[str, Any]) -> None:
        """What follows in the same transaction, the search index for one."""

    def finish_many(self, actor: Actor, records: Iterable[M]) -> None:
        """The same after an import; override where many can be done in one statement."""
        for record in records:
            self.finish(actor, record, {})

    def url_name(self, view: str) -> str:
        return f"resource-{self.name}-{view}"

    # What the list machinery asks.

    def offered_columns(self, actor: Actor) -> dict[str, Column]:
        hidden = self.policy.hidden_everywhere(actor)
        names = [n for n in dict.fromkeys((*self.columns, *self.shown)) if n not in hidden]
        found = {name: Column(name, self.heading(name), self.reading(actor, name)) for name in names}
        for definition in self.custom(actor):
            found[definition.name] = custom_column(definition, actor, self.policy)
        return found

    def reading(self, actor: Actor, name: str) -> Callable[[Any], Any]:
        """How a column reads its value: nothing, where it is hidden for that row's customer."""
        if name not in self.policy.guarded:
            return partial(value_of, name=name)
        return lambda record: "" if name in self.policy.hidden_of(actor, record) else value_of(record, name)

    def usual_columns(self, actor: Actor) -> list[str]:
        hidden = self.policy.hidden_everywhere(actor)
        return [name for name in self.columns if name not in hidden]

    def require_view(self, actor: Actor) -> None:
        self.policy.require(actor, self.view)

    def found(self, actor: Actor, given: QueryDict) -> QuerySet[M]:
        return filtered(self, actor, given)

    def may_read(self, actor: Actor, given: QueryDict) -> bool:
        """Who serves everybody reads all. Others: no free words, and related records within their scope only."""
        if actor.customers_with(self.view) is None:
            return True
        if given.get("q") or any(name.startswith("custom.") for name in given):
            return False
        for name in self.filters:
            field: Any = self.model._meta.get_field(name)
            related = resource_of(field.related_model) if isinstance(field, ForeignKey) else None
            if given.get(name) and related is not None:
                rows = related.policy.scope(actor, related.view)
                if not is_among(rows, self.natural.get(name, "pk"), [str(given.get(name))]):
                    return False
        return True

    def address(self) -> str:
        return reverse(self.url_name("list"))


def value_of(record: Model, name: str) -> Any:
    """A record's value as a column shows it: choices and relations as text, numbers and times as they are."""
    value = getattr(record, name)
    field: Any = next((f for f in record._meta.get_fields() if f.name == name), None)
    if value is None or field is None:
        return value() if callable(value) else value
    return adapter_of(field).shown(value)


def custom_column(definition: CustomField, actor: Actor, policy: Policy[Any]) -> Column:
    """A custom field's column, of whatever record has a `custom` column; empty where it is not the actor's to see."""

    def value(record: Any) -> Any:
        seen = definition.public or policy.shows_internal(actor, record)
        return custom_fields.shown(definition, record.custom) if seen else ""

    return Column(definition.name, definition.label, value)
