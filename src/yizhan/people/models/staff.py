"""Who serves, and who signs in: accounts, teams, skills, roles."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yizhan.people.models.customers import CODE, Customer
from yizhan.people.models.phones import check_phone


class Role(models.TextChoices):
    """What somebody is to a customer. Roles add up; each is a fixed bundle of permissions."""

    REQUESTER = "requester", _("requester")
    CUSTOMER_CONTACT = "customer_contact", _("customer's contact person")
    TECHNICIAN = "technician", _("engineer")
    DESK = "desk", _("service desk")
    GROUP_LEAD = "group_lead", _("group lead")
    SERVICE_MANAGER = "service_manager", _("service manager")
    SUPERVISOR = "supervision_officer", _("supervision officer")
    ASSET_ADMIN = "asset_admin", _("asset administrator")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")


class Skill(models.Model):
    """Something that an engineer can do, for dispatching."""

    code = models.CharField(_("code"), max_length=31, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """Engineers who take work together. `tier` 1 is first-line, 2 is second-line support."""

    code = models.CharField(_("code"), max_length=31, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=60)
    tier = models.PositiveSmallIntegerField(_("tier"), choices=[(1, _("tier 1")), (2, _("tier 2"))], default=1)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams", blank=True, verbose_name=_("members"))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """One account, of the provider's staff or of a customer's contact. It ends by `is_active=False`.

    Signing in takes a user name in any case: two accounts that differ in nothing else would shut each other out.
    """

    AUDIT_PERSONAL = frozenset({"display_name", "email", "phone", "password", "sort_key"})

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("full name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=30, blank=True, validators=[check_phone])
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="zh-hans")
    tier = models.PositiveSmallIntegerField(_("tier"), null=True, blank=True, choices=[(1, _("tier 1")), (2, _("tier 2"))])
    skills = models.ManyToManyField(Skill, blank=True, verbose_name=_("skills"))
    sort_key = models.CharField(max_length=200, editable=False, default="")

    REQUIRED_FIELDS: ClassVar = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(tier__in=[1, 2]) | models.Q(tier=None), name="people_user_tier"),
            models.UniqueConstraint(
                Lower("username"), name="people_one_username", violation_error_message=_("This user name is taken.")
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()


class Assignment(models.Model):
    """A role that a person holds for one customer (or all), from a day to a day. Past ones stay."""

    user = models.ForeignKey(User, models.CASCADE, related_name="assignments", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=30, choices=Role.choices)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, verbose_name=_("customer"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("team"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("role assignment")
        verbose_name_plural = _("role assignments")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(valid_from=None)
                | models.Q(valid_until=None)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="people_assignment_period",
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.CheckConstraint(
                condition=~models.Q(role__in=["requester", "customer_contact"]) | models.Q(customer__isnull=False),
                name="people_assignment_own_customer",
                violation_error_message=_("A customer's people hold their role for one customer."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.customer or '*'}"

    @property
    def served(self) -> str:
        """For whom it is held, in words."""
        return str(self.customer or gettext("All customers"))
