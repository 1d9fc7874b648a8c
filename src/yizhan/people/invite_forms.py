"""One form for a new colleague, and the two passwords of whoever accepts."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import Actor
from yizhan.kernel.forms import DressedForm
from yizhan.people import policies
from yizhan.people.models import Customer, Role, Skill, Team, User
from yizhan.people.policies import PeoplePermission
from yizhan.people.services.inviting import CUSTOMERS_OWN, Colleague

ROLES = [(role.value, role.label) for role in Role if role not in CUSTOMERS_OWN]
TIERS = [("", "–"), ("1", _("tier 1")), ("2", _("tier 2"))]


class InviteForm(DressedForm):
    """The person, what he does here, and for whom."""

    display_name = forms.CharField(label=_("Full name"), max_length=80)
    username = forms.CharField(
        label=_("User name"), max_length=60, required=False, validators=User._meta.get_field("username").validators,
        help_text=_("For signing in: letters or digits. Empty: made from the e-mail or the name."),
        widget=forms.TextInput(attrs={"autocapitalize": "none"}),
    )  # fmt: skip
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False, validators=User._meta.get_field("phone").validators)
    email = forms.EmailField(label=_("E-mail"), required=False)
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=ROLES, initial=[Role.TECHNICIAN], widget=forms.CheckboxSelectMultiple
    )
    scope = forms.ChoiceField(
        label=_("For which customers"), choices=[("all", _("All customers, also future ones")), ("some", _("Only these"))],
        initial="all", widget=forms.RadioSelect(attrs={"data-all-or": "customers"}),
    )  # fmt: skip
    customers = forms.ModelMultipleChoiceField(
        label=_("Customers"), queryset=Customer.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    tier = forms.TypedChoiceField(
        label=_("Support tier"), choices=TIERS, coerce=int, empty_value=None, required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams"), queryset=Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    skills = forms.ModelMultipleChoiceField(
        label=_("Skills"), queryset=Skill.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        served = policies.customers.scope(actor, PeoplePermission.CHANGE_STAFF).filter(active=True).order_by("sort_key")
        choices = {
            "customers": served, "teams": policies.teams.scope(actor, PeoplePermission.VIEW_STAFF).filter(active=True),
            "skills": policies.skills.scope(actor, PeoplePermission.VIEW_STAFF),
        }  # fmt: skip
        for name, rows in choices.items():
            cast(forms.ModelMultipleChoiceField, self.fields[name]).queryset = rows  # type: ignore[type-arg]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("scope") == "some" and not data.get("customers"):
            self.add_error("customers", _("Choose at least one customer."))
        if data.get("scope") == "all" and data.get("customers"):
            self.add_error("scope", _("You chose customers: say “only these”, or choose none."))
        return data

    def colleague(self) -> Colleague:
        data = self.cleaned_data
        return Colleague(
            username=data["username"], name=data["display_name"], roles=data["roles"], email=data["email"], phone=data["phone"],
            customers=list(data["customers"]) if data["scope"] == "some" else [], tier=data["tier"],
            teams=list(data["teams"]), skills=list(data["skills"]),
        )  # fmt: skip


class AcceptForm(DressedForm):
    """The new person's first password, twice."""

    password = forms.CharField(
        label=_("New password"), max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters, not only digits, nothing common and nothing like your name."),
    )  # fmt: skip
    again = forms.CharField(
        label=_("Once more"), max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("The two passwords differ."))
        return data
