"""The ordinary pages of people and places."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid
from yizhan.kernel.models import NoticeTemplate
from yizhan.kernel.policy import GlobalPolicy
from yizhan.kernel.resource import Resource, register
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people import policies
from yizhan.people.models import Assignment, Contact, Customer, Department, Site, Skill, Team, User
from yizhan.people.policies import PeoplePermission as P
from yizhan.people.searching import index_contact


@register
class CustomerResource(Resource[Customer]):
    model, name, label, icon = Customer, "customers", _("Customers"), "building"
    policy, view, change = policies.customers, P.VIEW_PLACES, P.CHANGE_CUSTOMERS
    columns = ("code", "name", "short_name", "notify", "active")
    fields = ("code", "name", "short_name", "zone", "language", "notify", "active")
    filters, contains, order, key = ("active",), ("code", "name", "short_name"), ("sort_key", "id"), "code"

    def prepare(self, actor: Actor, record: Customer) -> None:
        record.sort_key = pinyin_key(record.name)


@register
class SiteResource(Resource[Site]):
    model, name, label, icon = Site, "sites", _("Sites"), "map-pin"
    policy, view, change = policies.sites, P.VIEW_PLACES, P.CHANGE_PLACES
    columns = ("name", "customer", "address", "active")
    fields = ("customer", "name", "address", "active")
    filters, contains, order = ("customer", "active"), ("name", "address"), ("sort_key", "id")
    natural: Mapping[str, str] = {"customer": "code"}

    def prepare(self, actor: Actor, record: Site) -> None:
        record.sort_key = pinyin_key(record.name)


@register
class DepartmentResource(Resource[Department]):
    model, name, label, icon = Department, "departments", _("Departments"), "sitemap"
    policy, view, change = policies.departments, P.VIEW_PLACES, P.CHANGE_PLACES
    columns = ("name", "customer", "active")
    fields = ("customer", "name", "active")
    filters, contains, order = ("customer", "active"), ("name",), ("sort_key", "id")
    natural: Mapping[str, str] = {"customer": "code"}

    def prepare(self, actor: Actor, record: Department) -> None:
        record.sort_key = pinyin_key(record.name)


@register
class ContactResource(Resource[Contact]):
    model, name, label, icon = Contact, "contacts", _("Contacts"), "address-book"
    policy, view, change = policies.contacts, P.VIEW_CONTACTS, P.CHANGE_CONTACTS
    columns = ("name", "customer", "department", "site", "masked_phone", "email", "active")
    fields = ("customer", "name", "phone", "email", "title", "site", "department", "place", "vip", "user", "active")
    filters, contains = ("customer", "active"), ("name", "phone", "email", "sort_key")
    order = ("sort_key", "id")
    natural: Mapping[str, str] = {"customer": "code", "user": "username"}

    def prepare(self, actor: Actor, record: Contact) -> None:
        record.sort_key = pinyin_key(record.name)
        for place in (record.site, record.department):
            if place is not None and place.customer_id != record.customer_id:
                raise Invalid(_("Site and department must be this customer's."), fields={"site": [str(place)]})

    def finish(self, actor: Actor, record: Contact, extra: Mapping[str, Any]) -> None:
        index_contact(record)


@register
class UserResource(Resource[User]):
    model, name, label, icon = User, "users", _("Users"), "users"
    policy, view, change = policies.users, P.VIEW_STAFF, P.CHANGE_STAFF
    columns = ("username", "display_name", "tier", "skills", "is_active")
    fields = ("username", "display_name", "email", "phone", "language", "tier", "skills", "is_active")
    filters, contains, key = ("tier", "is_active"), ("username", "display_name", "sort_key"), "username"
    order = ("sort_key", "id")
    natural: Mapping[str, str] = {"skills": "code"}

    def prepare(self, actor: Actor, record: User) -> None:
        record.sort_key = pinyin_key(record.display_name)
        if not record.password:
            record.set_unusable_password()

    def finish(self, actor: Actor, record: User, extra: Mapping[str, Any]) -> None:
        password = extra.get("password")
        if not password:
            return
        try:
            validate_password(password, record)
        except ValidationError as error:
            raise Invalid(_("The password is too weak."), fields={"password": error.messages}) from error
        record.set_password(password)
        record.save(update_fields=["password"])


@register
class TeamResource(Resource[Team]):
    model, name, label, icon = Team, "teams", _("Teams"), "users-group"
    policy, view, change = policies.teams, P.VIEW_STAFF, P.CHANGE_STAFF
    columns = ("code", "name", "tier", "members", "active")
    fields = ("code", "name", "tier", "members", "active")
    filters, contains, order, key = ("tier", "active"), ("code", "name"), ("code",), "code"
    natural: Mapping[str, str] = {"members": "username"}


@register
class SkillResource(Resource[Skill]):
    model, name, label, icon = Skill, "skills", _("Skills"), "tool"
    policy, view, change = policies.skills, P.VIEW_STAFF, P.CHANGE_STAFF
    columns = fields = ("code", "name")
    contains, order, key = ("code", "name"), ("code",), "code"


@register
class AssignmentResource(Resource[Assignment]):
    model, name, label, icon = Assignment, "assignments", _("Role assignments"), "id"
    policy, view, change = policies.assignments, P.CHANGE_STAFF, P.CHANGE_STAFF
    columns = fields = ("user", "role", "customer", "team", "valid_from", "valid_until")
    filters, order = ("role", "customer"), ("id",)
    natural: Mapping[str, str] = {"user": "username", "customer": "code", "team": "code"}


@register
class NoticeTemplateResource(Resource[NoticeTemplate]):
    model, name, label, icon = NoticeTemplate, "notice-templates", _("Notice templates"), "mail"
    policy = GlobalPolicy(NoticeTemplate, view=P.CHANGE_SETTINGS, change=P.CHANGE_SETTINGS)
    view, change = P.CHANGE_SETTINGS, P.CHANGE_SETTINGS
    columns, fields = ("code", "language", "subject", "active"), ("subject", "body", "active")
    read_only = ("code", "language")
    contains, order, can_create, in_api = ("code", "subject"), ("code", "language", "id"), False, False
