"""The service catalogue's standard pages."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from yizhan.kernel.resource import Resource, register
from yizhan.people.policies import PeoplePermission
from yizhan.tickets import policies
from yizhan.tickets.models import Category
from yizhan.tickets.policies import TicketPermission


@register
class CategoryResource(Resource[Category]):
    model, name, label, icon = Category, "categories", _("Categories"), "category"
    policy, view, change = policies.categories, TicketPermission.VIEW, PeoplePermission.CHANGE_SETTINGS
    columns = ("code", "name", "half", "parent", "level", "active")
    fields = ("code", "name", "half", "parent", "level", "position", "active")
    filters, contains, order, key = ("half", "active"), ("code", "name"), ("position", "code"), "code"
    natural: Mapping[str, str] = {"parent": "code"}
