"""The menu and the phone's tabs: only what the actor may open."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from yizhan.channels.policies import ChannelPermission
from yizhan.channels.queries import waiting_counts
from yizhan.kernel.actor import Actor
from yizhan.kernel.resource import all_resources
from yizhan.people.policies import PeoplePermission
from yizhan.tickets.counting import Counts, work_counts
from yizhan.tickets.policies import TicketPermission, tickets


@dataclass(frozen=True)
class Item:
    label: str
    url: str
    icon: str
    count: int = 0
    on: bool = False


@dataclass(frozen=True)
class Group:
    label: str
    items: list[Item]


def menu(actor: Actor, path: str) -> list[Group]:
    """Work first, then master data."""
    counts = work_counts(actor) if tickets.is_staff_somewhere(actor) else Counts()
    found = [Item(_("My work"), reverse("home"), "layout-dashboard", counts.mine, path == "/")]

    def add(allowed: bool, label: str, name: str, icon: str, count: int = 0) -> None:
        if allowed:
            found.append(Item(label, reverse(name), icon, count, path.startswith(reverse(name))))

    staff, waiting = tickets.is_staff_somewhere(actor), waiting_counts(actor)
    add(staff and actor.holds(TicketPermission.REGISTER), _("Registration desk"), "desk", "headset")
    add(staff, _("Tickets"), "tickets", "ticket", counts.open)
    add(actor.holds(TicketPermission.QUICK_LOG), _("Hand over"), "handover", "arrows-exchange")
    add(actor.holds(TicketPermission.ARCHIVE), _("Closing desk"), "closing", "phone-outgoing", counts.closing)
    add(actor.holds(ChannelPermission.VIEW), _("Calls"), "calls", "phone-call", waiting.calls)
    add(actor.holds(ChannelPermission.VIEW), _("Channels"), "channels", "inbox", waiting.messages)
    add(actor.holds(PeoplePermission.VIEW_AUDIT), _("Audit"), "audit", "shield-check")
    return [Group("", found), Group(_("Master data"), resource_items(actor, path))] if staff else [Group("", found)]


def resource_items(actor: Actor, path: str) -> list[Item]:
    items = []
    for resource in all_resources():
        if resource.policy.allows(actor, resource.view):
            url = reverse(resource.url_name("list"))
            items.append(Item(str(resource.label), url, resource.icon, 0, path.startswith(url)))
    return items


def tabs(groups: list[Group], actor: Actor) -> list[Any]:
    """Four at most, for the thumb."""
    return groups[0].items[:4] if groups else []
