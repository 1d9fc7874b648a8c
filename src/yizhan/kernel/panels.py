"""How an upper app shows itself on a lower app's page: it registers a panel, the lower page asks what there is."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Text


@dataclass(frozen=True)
class Panel:
    """A titled part of a record's page, drawn by `template` with `context`."""

    title: Text
    template: str
    context: dict[str, Any]


Maker = Callable[[Actor, Model], Panel | None]
_makers: dict[str, list[Maker]] = defaultdict(list)


def panel_on(model: str) -> Callable[[Maker], Maker]:
    """Register a maker for records of `app.model`; it gives None where it has nothing for this actor."""

    def register(maker: Maker) -> Maker:
        _makers[model].append(maker)
        return maker

    return register


def panels_of(actor: Actor, record: Model) -> list[Panel]:
    found = (maker(actor, record) for maker in _makers[record._meta.label_lower])
    return [panel for panel in found if panel is not None]
