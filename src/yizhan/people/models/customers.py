"""Whom we serve: a customer, its places, its people."""

from collections.abc import Collection
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.models import CustomValues
from yizhan.people.models.phones import check_phone

CODE = RegexValidator(r"^[a-z0-9][a-z0-9-]{0,30}$", _("Lower-case letters, digits and hyphens only."))


def masked(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else number


class Customer(models.Model):
    """One served organisation: the first boundary of all data. It ends by `active=False`."""

    code = models.CharField(_("code"), max_length=31, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=120)
    short_name = models.CharField(_("short name"), max_length=40, blank=True)
    zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    notify = models.BooleanField(_("notify requesters by mail"), default=True)
    muted = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, db_default=[], verbose_name=_("notices not sent")
    )
    active = models.BooleanField(_("active"), default=True)
    sort_key = models.CharField(max_length=200, editable=False)
    custom = CustomValues()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.short_name or self.name


class Site(models.Model):
    """One place of a customer where work is done. It ends by `active=False`."""

    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"))
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=200, blank=True)
    active = models.BooleanField(_("active"), default=True)
    sort_key = models.CharField(max_length=200, editable=False)
    custom = CustomValues()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "name"],
                condition=models.Q(active=True),
                name="people_site_name",
                violation_error_message=_("This customer has an active site of that name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """One department of a customer. It ends by `active=False`."""

    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"))
    name = models.CharField(_("name"), max_length=80)
    active = models.BooleanField(_("active"), default=True)
    sort_key = models.CharField(max_length=200, editable=False)
    custom = CustomValues()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "name"],
                condition=models.Q(active=True),
                name="people_department_name",
                violation_error_message=_("This customer has an active department of that name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """One person at a customer who may report. A name suffices; it ends by `active=False`.

    `user` is his account, and `bound_at` since when (empty: from the beginning): what was done by that account
    before, it did as somebody else.
    """

    AUDIT_PERSONAL = frozenset({"name", "phone", "email", "sort_key"})
    stored_binding: tuple[int, int] | None = None

    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"))
    name = models.CharField(_("full name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=30, blank=True, validators=[check_phone])
    email = models.EmailField(_("e-mail"), blank=True)
    title = models.CharField(_("title"), max_length=60, blank=True)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, verbose_name=_("site"))
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name=_("department"))
    place = models.CharField(_("place"), max_length=80, blank=True)
    vip = models.BooleanField(_("VIP"), default=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="contact", verbose_name=_("account")
    )
    bound_at = models.DateTimeField(null=True, editable=False)
    active = models.BooleanField(_("active"), default=True)
    sort_key = models.CharField(max_length=200, editable=False)
    custom = CustomValues()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes: ClassVar = [
            models.Index(fields=["customer", "email"], name="people_contact_email"),
            models.Index(fields=["customer", "phone"], name="people_contact_phone"),
            models.Index(fields=["customer", "name"], name="people_contact_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        found = super().from_db(db, field_names, values, **more)
        if {"user_id", "customer_id", "active"} <= vars(found).keys():
            found.stored_binding = found.binding
        return found

    @property
    def binding(self) -> tuple[int, int] | None:
        """(account, customer) for which that account speaks; None without one, or when the contact has ended."""
        return (self.user_id, self.customer_id) if self.user_id and self.active else None
