"""Which column of a sheet is which field: what may be carried, the guess, and what somebody chose last time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

from django.utils.translation import override

from yizhan.kernel.actor import Actor
from yizhan.kernel.models import ImportMapping
from yizhan.kernel.resource.declaration import Resource


def importable(resource: Resource[Any], actor: Actor) -> dict[str, str]:
    """What a sheet may carry: field names with their headings."""
    hidden = resource.policy.hidden_everywhere(actor)
    found = {name: resource.heading(name) for name in resource.fields if name not in hidden}
    return found | {definition.name: definition.label for definition in resource.custom(actor)}


def needed(resource: Resource[Any]) -> tuple[str, ...]:
    """Without which fields the rows cannot be told apart."""
    return resource.match[:-1] or resource.match


def headings_mark(headings: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(headings).encode()).hexdigest()


def plain(heading: str) -> str:
    """A heading as it is compared: without case, width, blanks, a star, a colon, or what stands in brackets behind it."""
    text = re.sub(r"[\s*:]", "", normalize("NFKC", heading)).casefold()
    return text.partition("(")[0] or text


def guess_mapping(resource: Resource[Any], actor: Actor, headings: Sequence[str]) -> dict[str, int]:
    """Field name → column, by label, name or key in either language, else by what people call it (`aliases`)."""
    known = {alias: name for name, aliases in resource.aliases.items() for alias in aliases}
    for language in ("zh-hans", "en"):
        with override(language):
            known |= {label.casefold(): name for name, label in importable(resource, actor).items()}
    known |= {name.casefold(): name for name in resource.fields}
    known |= {definition.key.casefold(): definition.name for definition in resource.custom(actor)}
    same = {plain(heading): name for heading, name in known.items()}
    found: dict[str, int] = {}
    for column, heading in enumerate(headings):
        name = same.get(plain(heading))
        if name is not None:
            found.setdefault(name, column)
    return found


def known_mapping(actor: Actor, resource: Resource[Any], headings: Sequence[str]) -> dict[str, int] | None:
    """What this person chose the last time for a sheet with just these headings."""
    kept = ImportMapping.objects.filter(listing=resource.name, owner=actor.person, headings=headings_mark(headings)).first()
    return None if kept is None else kept.mapping


def keep_mapping(actor: Actor, resource: Resource[Any], headings: Sequence[str], mapping: dict[str, int]) -> None:
    ImportMapping.objects.update_or_create(
        listing=resource.name, owner_id=actor.person, headings=headings_mark(headings), defaults={"mapping": mapping}
    )
