"""The service catalogue's standard pages."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yizhan.kernel import custom_fields
from yizhan.kernel.resource import Resource, register
from yizhan.people.policies import PeoplePermission
from yizhan.tickets import policies
from yizhan.tickets.models import CannedReply, Category, Phrase
from yizhan.tickets.policies import TicketPermission


@register
class CategoryResource(Resource[Category]):
    model, name, label, icon = Category, "categories", _("Categories"), "category"
    policy, view, change = policies.categories, TicketPermission.VIEW, PeoplePermission.CHANGE_SETTINGS
    columns = ("code", "name", "half", "parent", "level", "active")
    fields = ("code", "name", "half", "parent", "level", "position", "active")
    filters, contains, order, key = ("half", "active"), ("code", "name"), ("position", "code"), "code"
    match = ("code",)
    natural: Mapping[str, str] = {"parent": "code"}


@register
class PhraseResource(Resource[Phrase]):
    model, name, label, icon = Phrase, "phrases", _("Phrases"), "quote"
    policy, view, change = policies.phrases, TicketPermission.VIEW_INTERNAL, TicketPermission.CHANGE_TEXTS
    columns = ("text", "place", "category", "position", "active")
    fields = ("place", "text", "category", "position", "active")
    filters, contains, order = ("place", "category", "active"), ("text",), ("place", "position", "id")
    match, natural = ("place", "text"), {"category": "code"}


@register
class CannedReplyResource(Resource[CannedReply]):
    model, name, label, icon = CannedReply, "canned-replies", _("Canned replies"), "message-reply"
    policy, view, change = policies.canned_replies, TicketPermission.VIEW_INTERNAL, TicketPermission.CHANGE_TEXTS
    columns = ("title", "customer", "position", "active")
    fields = ("title", "body", "customer", "position", "active")
    filters, contains, order = ("customer", "active"), ("title", "body"), ("position", "id")
    match, natural = ("title",), {"customer": "code"}


def category_codes() -> list[tuple[str, str]]:
    return [(category.code, category.name) for category in Category.objects.filter(active=True)]


custom_fields.register_target("tickets.ticket", _("Tickets"), category_codes)
