"""The ordinary pages of people and places."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import custom_fields
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Invalid
from yizhan.kernel.listing import Column
from yizhan.kernel.models import CustomField, NoticeTemplate
from yizhan.kernel.policy import GlobalPolicy
from yizhan.kernel.resource import Resource, register
from yizhan.kernel.resource.saving import NOT_OF_THIS
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people import policies
from yizhan.people.forms import CustomerForm, CustomFieldForm
from yizhan.people.models import Assignment, Contact, Customer, Department, Duty, Site, Skill, Team, User
from yizhan.people.policies import PeoplePermission as P
from yizhan.people.searching import index_contacts
from yizhan.people.services.contacts import rebind

# How people head such columns in their own sheets.
NAMES = ("姓名", "名字", "员工姓名", "人员姓名", "用户姓名")
PHONES = (
    "电话", "手机", "手机号", "手机号码", "移动电话", "联系电话", "联系方式", "电话号码", "联系号码",
    "办公电话", "座机", "分机", "分机号", "短号",
)  # fmt: skip
EMAILS = ("邮箱", "邮箱地址", "电子邮箱", "电子邮件", "邮件", "邮件地址", "企业邮箱", "e-mail", "mail")
CUSTOMERS = (
    "客户", "客户名称", "客户单位", "客户代码", "客户编码", "客户编号", "公司", "公司名称", "单位", "单位名称", "所属公司", "所属单位",
)  # fmt: skip
SITES = ("地点", "园区", "办公地点", "工作地点", "门店", "门店名称", "网点", "网点名称", "分支机构")
DEPARTMENTS = ("部门", "部门名称", "所属部门", "所在部门", "科室", "科室名称", "处室")


@register
class CustomerResource(Resource[Customer]):
    model, name, label, icon = Customer, "customers", _("Customers"), "building"
    policy, view, change = policies.customers, P.VIEW_PLACES, P.CHANGE_CUSTOMERS
    columns = ("code", "name", "short_name", "notify", "active")
    fields = ("code", "name", "short_name", "zone", "language", "notify", "muted", "active")
    form = CustomerForm
    match = ("code",)
    filters, contains, order, key = ("active",), ("code", "name", "short_name", "sort_key"), ("sort_key", "id"), "code"
    aliases: Mapping[str, tuple[str, ...]] = {
        "code": ("编码", "编号", "客户代码", "客户编码", "客户编号"), "short_name": ("客户简称", "公司简称", "单位简称"),
        "name": ("客户", "客户名称", "客户全称", "公司", "公司名称", "公司全称", "单位", "单位名称", "全称"),
    }  # fmt: skip

    def prepare(self, actor: Actor, record: Customer) -> None:
        record.sort_key = pinyin_key(record.name)


@register
class SiteResource(Resource[Site]):
    model, name, label, icon = Site, "sites", _("Sites"), "map-pin"
    policy, view, change = policies.sites, P.VIEW_PLACES, P.CHANGE_PLACES
    columns = ("name", "customer", "address", "active")
    fields = ("customer", "name", "address", "active")
    filters, contains, order = ("customer", "active"), ("name", "address", "sort_key"), ("sort_key", "id")
    match = ("customer", "name")
    aliases: Mapping[str, tuple[str, ...]] = {
        "customer": CUSTOMERS, "name": ("地点名称", *SITES), "address": ("详细地址", "门店地址", "办公地址"),
    }  # fmt: skip
    natural: Mapping[str, str] = {"customer": "code"}

    def prepare(self, actor: Actor, record: Site) -> None:
        record.sort_key = pinyin_key(record.name)


@register
class DepartmentResource(Resource[Department]):
    model, name, label, icon = Department, "departments", _("Departments"), "sitemap"
    policy, view, change = policies.departments, P.VIEW_PLACES, P.CHANGE_PLACES
    columns = ("name", "customer", "active")
    fields = ("customer", "name", "active")
    filters, contains, order = ("customer", "active"), ("name", "sort_key"), ("sort_key", "id")
    match = ("customer", "name")
    aliases: Mapping[str, tuple[str, ...]] = {"customer": CUSTOMERS, "name": DEPARTMENTS}
    natural: Mapping[str, str] = {"customer": "code"}

    def prepare(self, actor: Actor, record: Department) -> None:
        record.sort_key = pinyin_key(record.name)


@register
class ContactResource(Resource[Contact]):
    model, name, label, icon = Contact, "contacts", _("Contacts"), "address-book"
    policy, view, change = policies.contacts, P.VIEW_CONTACTS, P.CHANGE_CONTACTS
    columns = ("name", "customer", "department", "site", "phone", "email", "active")
    fields = ("customer", "name", "phone", "email", "title", "site", "department", "place", "vip", "user", "active")
    filters, contains = ("customer", "vip", "active"), ("name", "phone", "email", "sort_key")
    order, match = ("sort_key", "id"), ("customer", "name", "phone")
    within: Mapping[str, str] = {"site": "customer", "department": "customer"}
    aliases: Mapping[str, tuple[str, ...]] = {
        "name": (*NAMES, "联系人", "联系人姓名", "联系人名称", "报修人", "报修人姓名"),
        "phone": (*PHONES, "联系人电话", "联系人手机", "联系人手机号", "报修人电话"), "email": (*EMAILS, "联系人邮箱"),
        "customer": CUSTOMERS, "department": DEPARTMENTS, "site": SITES, "title": ("职务", "职位", "岗位"),
        "place": ("房间", "房间号", "工位", "工位号", "座位", "位置", "具体位置"),
    }  # fmt: skip
    natural: Mapping[str, str] = {"customer": "code", "user": "username"}

    def offered_columns(self, actor: Actor) -> dict[str, Column]:
        """One column for the number: whole where this reader may see it, else masked."""

        def number(record: Contact) -> str:
            return policies.number_for(actor, record.customer_id, record.phone)

        return super().offered_columns(actor) | {"phone": Column("phone", self.heading("phone"), number)}

    def usual_columns(self, actor: Actor) -> list[str]:
        usual = super().usual_columns(actor)
        return [name for name in self.columns if name == "phone" or name in usual]

    def prepare(self, actor: Actor, record: Contact) -> None:
        record.sort_key = pinyin_key(record.name)
        rebind(actor, record)
        places = {"site": record.site, "department": record.department}
        strange = [name for name, place in places.items() if place is not None and place.customer_id != record.customer_id]
        if strange:
            raise Invalid(_("Site and department must be this customer's."), fields={name: [NOT_OF_THIS] for name in strange})

    def finish(self, actor: Actor, record: Contact, extra: Mapping[str, Any]) -> None:
        index_contacts([record])

    def finish_many(self, actor: Actor, records: Iterable[Contact]) -> None:
        index_contacts(records)


@register
class UserResource(Resource[User]):
    model, name, label, icon = User, "users", _("Users"), "users"
    policy, view, change = policies.users, P.VIEW_STAFF, P.CHANGE_STAFF
    columns = ("username", "display_name", "tier", "skills", "is_active")
    fields = ("username", "display_name", "email", "phone", "language", "tier", "skills", "is_active")
    filters, contains, key = ("tier", "is_active"), ("username", "display_name", "sort_key"), "username"
    order, match = ("sort_key", "id"), ("username",)
    aliases: Mapping[str, tuple[str, ...]] = {
        "username": ("账号", "登录账号", "登录名", "用户名", "工号", "员工工号", "员工编号"), "display_name": NAMES, "phone": PHONES,
        "email": EMAILS,
    }  # fmt: skip
    natural: Mapping[str, str] = {"skills": "code"}
    shortcuts = (("invite", "user-plus", _("Invite a colleague")),)
    labels = {"teams": _("Teams")}
    helps = {
        "username": _("For signing in: letters or digits."),
        "is_active": _("Who is stopped cannot sign in; what he did stays."),
    }

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
    match = ("code",)
    natural: Mapping[str, str] = {"members": "username"}


@register
class SkillResource(Resource[Skill]):
    model, name, label, icon = Skill, "skills", _("Skills"), "tool"
    policy, view, change = policies.skills, P.VIEW_STAFF, P.CHANGE_STAFF
    columns = fields = ("code", "name")
    contains, order, key, match = ("code", "name"), ("code",), "code", ("code",)


@register
class AssignmentResource(Resource[Assignment]):
    model, name, label, icon = Assignment, "assignments", _("Role assignments"), "id"
    policy, view, change = policies.assignments, P.CHANGE_STAFF, P.CHANGE_STAFF
    columns = ("user", "role", "served", "team", "valid_from", "valid_until")
    fields = ("user", "role", "customer", "team", "valid_from", "valid_until")
    labels = {"served": _("customer")}
    empty = {"customer": _("All customers")}
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


@register
class CustomFieldResource(Resource[CustomField]):
    model, name, label, icon = CustomField, "custom-fields", _("Custom fields"), "forms"
    policy = GlobalPolicy(CustomField, view=P.CHANGE_SETTINGS, change=P.CHANGE_SETTINGS)
    view, change = P.CHANGE_SETTINGS, P.CHANGE_SETTINGS
    columns = ("label", "target", "group", "kind", "required", "searchable", "public", "active")
    fields = (
        "target", "group", "key", "label", "kind", "choices", "required", "searchable", "public", "position", "active",
    )  # fmt: skip
    filters, contains, order, form = ("kind", "active"), ("label", "key"), ("target", "position", "id"), CustomFieldForm


for _model, _label in (("people.customer", _("Customers")), ("people.site", _("Sites")), ("people.department", _("Departments")),
                       ("people.contact", _("Contacts"))):  # fmt: skip
    custom_fields.register_target(_model, _label)


@register
class DutyResource(Resource[Duty]):
    model, name, label, icon = Duty, "duties", _("Roster"), "calendar-time"
    policy, view, change = policies.duties, P.VIEW_STAFF, P.CHANGE_ROSTER
    columns = fields = ("user", "kind", "begins", "ends", "substitute", "note")
    filters, order, match = ("user", "kind"), ("-begins", "-id"), ("user", "kind", "begins")
    natural: Mapping[str, str] = {"user": "username", "substitute": "username"}
    aliases: Mapping[str, tuple[str, ...]] = {
        "user": ("工程师", "姓名"),
        "begins": ("开始", "开始时间"),
        "ends": ("结束", "结束时间"),
    }
