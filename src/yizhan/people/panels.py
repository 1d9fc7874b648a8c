"""On a person's page: whether he has come in yet, and his invitation."""

from typing import cast

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.panels import Panel, panel_on
from yizhan.people import policies
from yizhan.people.models import Invitation, User
from yizhan.people.policies import PeoplePermission


@panel_on("people.user")
def invitation_of(actor: Actor, record: Model) -> Panel | None:
    """For those who may invite, while the person has no password."""
    person = cast(User, record)
    if person.has_usable_password() or not policies.users.allows(actor, PeoplePermission.CHANGE_STAFF, person):
        return None
    rows = Invitation.objects.filter(user=person, used_at=None, withdrawn_at=None)
    context = {"open": rows.first(), "username": person.username, "now": clock.now()}
    return Panel(_("Invitation"), "people/invitation_panel.html", context)
