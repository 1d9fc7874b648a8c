"""What a list says of itself, so that views, columns and export serve it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Text

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Column:
    """One column: its heading, and how a record's value is read (typed, for files; as text, for the screen)."""

    name: str
    label: Text
    value: Callable[[Any], Any]


class Listing(ABC, Generic[M]):
    """Subclassed by every list. `order` ends with a unique field; `name` stands in addresses."""

    name: str
    label: Text
    order: tuple[str, ...]

    @abstractmethod
    def offered_columns(self, actor: Actor) -> dict[str, Column]:
        """Every column that this actor may choose, by name."""

    @abstractmethod
    def usual_columns(self, actor: Actor) -> list[str]:
        """Those shown to who has not chosen."""

    @abstractmethod
    def require_view(self, actor: Actor) -> None:
        """Refuse who may not see the list at all."""

    @abstractmethod
    def found(self, actor: Actor, given: QueryDict) -> QuerySet[M]:
        """The rows in scope that the filters leave, with the joins that the columns need."""

    def with_columns(self, rows: QuerySet[M], columns: Sequence[Column]) -> QuerySet[M]:
        """What these columns read besides, fetched along."""
        return rows

    @abstractmethod
    def may_read(self, actor: Actor, given: QueryDict) -> bool:
        """Whether these filters name only records that he sees: others' views are shown to who may read them."""

    @abstractmethod
    def address(self) -> str:
        """The list's own page."""


_listings: dict[str, Listing[Any]] = {}


def register_listing(listing: Listing[Any]) -> None:
    _listings[listing.name] = listing


def listing_named(name: str) -> Listing[Any] | None:
    return _listings.get(name)


def all_listings() -> list[Listing[Any]]:
    return list(_listings.values())
