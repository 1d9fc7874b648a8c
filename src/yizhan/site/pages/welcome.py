"""The first guided hour of a new installation: four steps, each told by the data, all of it skippable."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yizhan.channels.models import InboundMessage, Mailbox
from yizhan.kernel import notices
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Forbidden
from yizhan.kernel.web import actor_of
from yizhan.people.models import Contact, Customer, Role, User
from yizhan.people.policies import PeoplePermission
from yizhan.people.queries import staff_with_role
from yizhan.tickets.models import Ticket

SKIPPED = "welcome.skipped"


@dataclass(frozen=True)
class Step:
    """One step: what to do, why, where, and whether the data says that it is done."""

    title: str
    why: str
    url: str
    action: str
    done: bool


def steps() -> list[Step]:
    return [
        Step(_("Add your first customer"), _("Every request belongs to one; its code stands in addresses and files."),
             reverse("resource-customers-new"), _("Add a customer"), Customer.objects.exists()),
        Step(_("Bring in its people"), _("A name and a telephone suffice; an Excel sheet will do."),
             reverse("resource-contacts-import"), _("Import contacts"), Contact.objects.exists()),
        Step(_("Add your engineers"), _("One form for the person, his role and customers; he sets his own password by the link."),
             reverse("invite"), _("Invite a colleague"), staff_with_role(Role.TECHNICIAN, None).exists()),
        Step(_("Read a mailbox"), _("What people write there becomes tickets by itself."),
             reverse("mailbox-new"), _("Add a mailbox"), Mailbox.objects.exists()),
        Step(_("Send a test mail"), _("Write to that mailbox from your own address; it appears under Channels within seconds."),
             reverse("channels"), _("See what came"), InboundMessage.objects.exists()),
        Step(_("Register the first request"), _("By telephone, in person or pasted from a chat."),
             reverse("desk"), _("Registration desk"), Ticket.objects.exists()),
    ]  # fmt: skip


def is_wanted(actor: Actor) -> bool:
    """For administrators, until everything is done or somebody skipped it."""
    if not actor.holds(PeoplePermission.CHANGE_SETTINGS) or cache.get(SKIPPED):
        return False
    if all(step.done for step in steps()):
        cache.set(SKIPPED, True, timeout=None)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not actor.holds(PeoplePermission.CHANGE_SETTINGS):
        raise Forbidden
    if request.method == "POST" and request.POST.get("do") == "mail":
        me = User.objects.get(pk=actor.person)
        sent = notices.queue(
            "news", address=me.email, language=me.language, about=me, variables={"text": _("A test mail of Yizhan"), "url": "/"}
        )
        if sent:
            messages.success(request, _("On its way to {address}.").format(address=me.email))
        else:
            messages.error(request, _("Your account has no e-mail address."), extra_tags="warm")
        return redirect("welcome")
    if request.method == "POST":
        cache.set(SKIPPED, True, timeout=None)
        return redirect("home")
    return render(request, "site/welcome.html", {"steps": steps()})
