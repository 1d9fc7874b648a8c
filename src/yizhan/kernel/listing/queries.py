"""What a person kept about a list."""

from typing import Any

from django.db.models import Q
from django.http import QueryDict

from yizhan.kernel.actor import Actor
from yizhan.kernel.listing.declaration import Column, Listing
from yizhan.kernel.models import SavedView


def kept(actor: Actor, listing: Listing[Any]) -> tuple[list[SavedView], list[str]]:
    """(one's own views, then those that others share; the columns that one chose, if any), in one statement."""
    rows = SavedView.objects.filter(Q(owner=actor.user_id) | Q(shared=True), listing=listing.name).select_related("owner")
    found = sorted(rows[:60], key=lambda view: (view.owner_id != actor.user_id, view.name))
    own = next((view.columns for view in found if not view.name and view.owner_id == actor.user_id), [])
    return [view for view in found if view.name], own


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
