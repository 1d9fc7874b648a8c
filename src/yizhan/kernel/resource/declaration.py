"""What one declares to get an ordinary record's pages and REST operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import BaseModelForm, ModelForm, modelform_factory

from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Text
from yizhan.kernel.policy import Policy

M = TypeVar("M", bound=Model)


class Resource(Generic[M]):
    """Subclass, fill in the attributes, `register`. `docs/adding-a-model.md` walks through one.

    `key` is the field that REST paths carry; `natural` maps a relation to the field of the
    related model that REST shows instead of an id; `order` ends with a unique field.
    """

    model: type[M]
    name: str
    label: Text
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
    in_api = True
    can_create = True
    form: type[ModelForm[Any]] | None = None

    def rows(self, actor: Actor) -> QuerySet[M]:
        """The rows of the list, with everything that its columns need."""
        joins = [f.name for f in self.relations() if isinstance(f, ForeignKey)]
        many = [f.name for f in self.relations() if isinstance(f, ManyToManyField)]
        return self.policy.scope(actor, self.view).select_related(*joins).prefetch_related(*many)

    def relations(self) -> list[Any]:
        names = dict.fromkeys((*self.columns, *self.fields, *self.read_only))
        found = [self.model._meta.get_field(n) for n in names if self.is_field(n)]
        return [f for f in found if isinstance(f, ForeignKey | ManyToManyField)]

    def is_field(self, name: str) -> bool:
        return any(f.name == name for f in self.model._meta.get_fields())

    def form_class(self) -> type[BaseModelForm[Any]]:
        return modelform_factory(self.model, form=self.form or ModelForm, fields=self.fields)

    def prepare(self, actor: Actor, record: M) -> None:
        """Fill what is derived, just before the row is written."""

    def finish(self, actor: Actor, record: M, extra: Mapping[str, Any]) -> None:
        """What follows in the same transaction, the search index for one."""

    def url_name(self, view: str) -> str:
        return f"resource-{self.name}-{view}"


_resources: dict[str, Resource[Any]] = {}


def register(resource: type[Resource[M]]) -> type[Resource[M]]:
    _resources[resource.name] = resource()
    return resource


def all_resources() -> list[Resource[Any]]:
    return list(_resources.values())


def resource_named(name: str) -> Resource[Any]:
    return _resources[name]


def resource_of(model: type[Model]) -> Resource[Any] | None:
    return next((r for r in _resources.values() if r.model is model), None)
