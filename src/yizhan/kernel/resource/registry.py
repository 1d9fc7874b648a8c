"""Every declared resource, by name and by model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from yizhan.kernel.listing import register_listing

if TYPE_CHECKING:
    from yizhan.kernel.resource.declaration import Resource

M = TypeVar("M", bound=Model)
_resources: dict[str, Resource[Any]] = {}


def register(resource: type[Resource[M]]) -> type[Resource[M]]:
    """Decorates a declaration: from then on it has pages, a list and REST operations."""
    made = resource()
    _resources[resource.name] = made
    register_listing(made)
    return resource


def all_resources() -> list[Resource[Any]]:
    return list(_resources.values())


def resource_named(name: str) -> Resource[Any]:
    return _resources[name]


def resource_of(model: type[Model]) -> Resource[Any]:
    """The resource of a related model: what a record may name is what its own list shows.

    Raises:
        ImproperlyConfigured: there is none, so nobody said who sees such records.
    """
    found = next((r for r in _resources.values() if r.model is model), None)
    if found is None:
        raise ImproperlyConfigured(f"{model._meta.label} is named by a resource and has none: who sees it is not said")
    return found


def check_relations() -> None:
    """At start: every relation that a resource shows, asks for or filters by leads to a model whose rows have a gate."""
    for resource in _resources.values():
        for relation in resource.relations():
            resource_of(relation.related_model)
