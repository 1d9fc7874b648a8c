"""What a sheet's cells mean for a resource."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.resource.registry import resource_of


@dataclass(frozen=True)
class Fault:
    """A row (by the number that the spreadsheet shows beside it, empty rows counted) that was not taken, and why."""

    row: int
    reasons: tuple[str, ...]


def in_one(reasons: Sequence[str]) -> str:
    """Several reasons as one line; each ends without its own full stop."""
    return "；".join(reason.rstrip("。.") for reason in reasons)


@dataclass
class Outcome:
    new: int = 0
    changed: int = 0
    same: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass
class Draft:
    """One row on its way."""

    row: int
    values: dict[str, Any]
    record: Any = None
    before: dict[str, Any] = field(default_factory=dict)
    many: dict[str, list[Model]] = field(default_factory=dict)
    members: dict[str, list[int]] = field(default_factory=dict)


class Lookup:
    """What a relation's cell may name: everything that the actor sees, by code or name; places by customer."""

    def __init__(self, actor: Actor, model_field: Any, natural: str | None, create: bool) -> None:
        self.actor, self.model = actor, model_field.related_model
        self.resource = resource_of(self.model)
        self.of_customer = any(f.name == "customer" for f in self.model._meta.get_fields())
        self.create = create and set(self.resource.match) == {"customer", "name"}
        attributes = [name for name in (natural, "code", "name", "username") if name and hasattr(self.model, name)]
        rows = self.resource.policy.scope(actor, self.resource.view)
        self.known: dict[tuple[int | None, str], Any] = {}
        for record in rows:
            for text in {str(record), *(str(getattr(record, name)) for name in attributes)}:
                self.remember(record, text)

    def key(self, record: Any, text: str) -> tuple[int | None, str]:
        return (record.customer_id if self.of_customer else None, text.strip().casefold())

    def remember(self, record: Any, text: str) -> None:
        key = self.key(record, text)
        known = self.known.get(key)
        self.known[key] = record if known is None or known is record or known == record else False

    def find(self, text: str, customer: Any) -> Any:
        """The record that the text names.

        Raises:
            ValidationError: none, or more than one.
        """
        key = (customer.pk if self.of_customer and customer is not None else None, text.strip().casefold())
        record = self.known.get(key)
        if record is None and self.create and customer is not None:
            record = self.make(text, customer)
        if record is None:
            raise ValidationError(_("“{text}” is not known.").format(text=text))
        if record is False:
            raise ValidationError(_("“{text}” names more than one.").format(text=text))
        return record

    def make(self, text: str, customer: Any) -> Any:
        record = self.model(customer=customer, name=text.strip()[:80])
        if not self.resource.policy.allows(self.actor, self.resource.change, record):
            return None
        self.resource.prepare(self.actor, record)
        record.save()
        audit.record(self.actor, f"create_{self.model._meta.model_name}", record, {}, audit.snapshot(record))
        self.remember(record, text)
        return record
