"""What a person kept about a list."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from yizhan.kernel.actor import Actor
from yizhan.kernel.listing.declaration import Column, Listing
from yizhan.kernel.models import SavedView
from yizhan.kernel.texts import unreadable


def kept(actor: Actor, listing: Listing[Any]) -> tuple[list[SavedView], list[str]]:
    """(one's own views, then those that others share; the columns that one chose, if any), in one statement."""
    rows = SavedView.objects.filter(Q(owner=actor.user_id) | Q(shared=True), listing=listing.name).select_related("owner")
    found = sorted(rows[:60], key=lambda view: (view.owner_id != actor.user_id, view.name))
    own = next((view.columns for view in found if not view.name and view.owner_id == actor.user_id), [])
    return [view for view in found if view.name and seen(actor, listing, view)], own


def seen(actor: Actor, listing: Listing[Any], view: SavedView) -> bool:
    """One's own, and shared ones that name nobody whom he does not see."""
    if view.owner_id == actor.user_id:
        return True
    return view.shared and listing.may_read(actor, QueryDict(view.query))


def is_among(rows: QuerySet[Any], name: str, values: Sequence[str]) -> bool:
    """Whether each of these values is one of the rows' `name`; no row has one that no text can hold."""
    if any(map(unreadable, values)):
        return False
    try:
        return rows.filter(**{f"{name}__in": set(values)}).values(name).distinct().count() == len(set(values))
    except ValueError:
        return False


def shown_columns(
    actor: Actor, listing: Listing[Any], given: QueryDict, chosen: list[str] | None = None
) -> tuple[list[Column], dict[str, Column]]:
    """(the columns to show, all that could be): the address's, else the person's choice, else the usual ones."""
    offered = listing.offered_columns(actor)
    wanted = [name for name in given.get("columns", "").split(",") if name]
    if not wanted:
        wanted = kept(actor, listing)[1] if chosen is None else chosen
    names = [name for name in wanted if name in offered] or listing.usual_columns(actor)
    return [offered[name] for name in names if name in offered], offered
