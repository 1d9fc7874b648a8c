"""Keeping views and columns."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import Forbidden, Invalid, NotFound
from yizhan.kernel.listing.declaration import Listing
from yizhan.kernel.listing.queries import seen
from yizhan.kernel.models import SavedView

MOST_VIEWS = 30
LONGEST_QUERY = 1000


def own_view(actor: Actor, listing: Listing[Any], name: str) -> tuple[SavedView, bool]:
    """The person's view of that name, locked, and whether it is new: a second press changes what the first one made."""
    return SavedView.objects.select_for_update().get_or_create(listing=listing.name, owner_id=actor.person, name=name)


@command
def save_view(
    *, actor: Actor, listing: Listing[Any], name: str, query: str, columns: Sequence[str], shared: bool, may_share: bool
) -> SavedView:
    """Keep filters and columns under a name; the same name of the same person is replaced.

    Raises:
        Forbidden: to share is for who leads others.
        Invalid: no name, or too many views.
    """
    listing.require_view(actor)
    clean = name.strip()[:40]
    if not clean:
        raise Invalid(_("Give the view a name."), fields={"name": [_("This is needed.")]})
    if shared and not may_share:
        raise Forbidden
    if len(query) > LONGEST_QUERY:
        raise Invalid(_("These filters are too long to keep."), code="query_too_long")
    view, new = own_view(actor, listing, clean)
    if new and SavedView.objects.filter(listing=listing.name, owner=actor.person).count() > MOST_VIEWS:
        raise Invalid(_("You have thirty views of this list already: delete one first."), code="too_many_views")
    offered = listing.offered_columns(actor)
    before = {} if new else audit.snapshot(view)
    view.query, view.columns, view.shared = query, [c for c in columns if c in offered], shared
    view.save()
    audit.record(actor, "save_view", view, before, audit.snapshot(view))
    return view


@command
def delete_view(*, actor: Actor, listing: Listing[Any], pk: int, may_share: bool) -> None:
    """Drop one's own view; who may share drops anybody's shared one."""
    view = SavedView.objects.select_for_update().filter(listing=listing.name, pk=pk).first()
    if view is None or not seen(actor, listing, view):
        raise NotFound
    if view.owner_id != actor.user_id and not may_share:
        raise Forbidden
    audit.record(actor, "delete_view", view, audit.snapshot(view), {})
    view.delete()


@command
def choose_columns(*, actor: Actor, listing: Listing[Any], columns: Sequence[str]) -> None:
    """Remember which columns a person wants to see; none at all means the usual ones again."""
    listing.require_view(actor)
    offered = listing.offered_columns(actor)
    chosen = [name for name in columns if name in offered]
    if chosen == listing.usual_columns(actor):
        chosen = []
    view = SavedView.objects.select_for_update().filter(listing=listing.name, owner=actor.person, name="").first()
    before = view.columns if view else []
    if chosen == before:
        return
    if not chosen and view:
        audit.record(actor, "choose_columns", view, {"columns": before}, {"columns": []})
        view.delete()
        return
    view, new = own_view(actor, listing, "")
    if view.columns == chosen:
        return
    known = {} if new else {"columns": view.columns}
    view.columns = chosen
    view.save()
    audit.record(actor, "choose_columns", view, known, {"columns": chosen})
