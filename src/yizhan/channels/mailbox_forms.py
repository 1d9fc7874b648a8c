"""What is asked for a mailbox: by password, or by a provider's grant, with what is known of the large providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from yizhan.channels.services.grants import Client
from yizhan.kernel.errors import Text
from yizhan.kernel.forms import DressedForm

SECURITY = [("imaps", "TLS"), ("imap+starttls", "STARTTLS"), ("imap", gettext_lazy("none (only inside)"))]
SMTP_SECURITY = [("smtps", "TLS"), ("smtp+starttls", "STARTTLS"), ("smtp", gettext_lazy("none (only inside)"))]


@dataclass(frozen=True)
class Provider:
    """What a provider publishes about its servers and its sign-in."""

    label: Text
    imap: str = ""
    smtp: str = ""
    smtp_security: str = "smtps"
    authorize_url: str = ""
    token_url: str = ""
    scope: str = ""

    @property
    def initial(self) -> dict[str, str]:
        names = ("imap", "smtp", "smtp_security", "authorize_url", "token_url", "scope")
        return {name: getattr(self, name) for name in names}


# Sources: the providers' own pages on IMAP and SMTP with OAuth 2.0, as of 2026.
PROVIDERS = {
    "microsoft": Provider(
        "Microsoft 365", "outlook.office365.com", "smtp.office365.com:587", "smtp+starttls",
        "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/organizations/oauth2/v2.0/token",
        "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
    ),
    "microsoft-cn": Provider(
        gettext_lazy("Microsoft 365 in China (21Vianet)"), "partner.outlook.cn", "partner.outlook.cn:587", "smtp+starttls",
        "https://login.partner.microsoftonline.cn/organizations/oauth2/v2.0/authorize",
        "https://login.partner.microsoftonline.cn/organizations/oauth2/v2.0/token",
        "https://partner.outlook.cn/IMAP.AccessAsUser.All https://partner.outlook.cn/SMTP.Send offline_access",
    ),
    "google": Provider(
        "Google Workspace", "imap.gmail.com", "smtp.gmail.com", "smtps",
        "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token", "https://mail.google.com/",
    ),
    "other": Provider(gettext_lazy("Another OAuth 2.0 provider")),
}  # fmt: skip
WAYS: list[tuple[str, Text]] = [("password", gettext_lazy("Password")), *((name, p.label) for name, p in PROVIDERS.items())]

ORDER = (
    "name", "customer", "address", "password", "client_id", "client_secret", "scope", "authorize_url", "token_url",
    "imap", "security", "smtp", "smtp_security",
)  # fmt: skip


class MailboxForm(DressedForm):
    """What every mailbox needs, and the password."""

    name = forms.SlugField(label=gettext_lazy("Short name"), max_length=40)
    address = forms.EmailField(label=gettext_lazy("E-mail"))
    customer = forms.ChoiceField(label=gettext_lazy("Customer"))
    imap = forms.CharField(label=gettext_lazy("IMAP server"), max_length=120, help_text=gettext_lazy("host, or host:port"))
    security = forms.ChoiceField(label=gettext_lazy("Encryption of IMAP"), choices=SECURITY)
    smtp = forms.CharField(label=gettext_lazy("SMTP server"), max_length=120, required=False)
    smtp_security = forms.ChoiceField(label=gettext_lazy("Encryption of SMTP"), choices=SMTP_SECURITY)
    password = forms.CharField(
        label=gettext_lazy("Password or app password"), max_length=200, widget=forms.PasswordInput(render_value=False),
        help_text=gettext_lazy("Many providers want an app password (授权码), not that of the account."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        select = forms.Select(attrs={"class": "form-select"})
        self.fields["customer"] = forms.ChoiceField(label=gettext_lazy("Customer"), choices=choices, widget=select)
        self.order_fields(ORDER)

    def settings(self) -> dict[str, Any]:
        """What the command takes."""
        data = self.cleaned_data
        return {
            "name": data["name"], "address": data["address"], "customer": data["customer"],
            "imap_url": f"{data['security']}://{data['imap']}", "password": data.get("password", ""),
            "smtp_url": f"{data['smtp_security']}://{data['smtp']}" if data["smtp"] else "",
        }  # fmt: skip


class GrantForm(MailboxForm):
    """The same, opened by a provider's grant: how this program is registered there, instead of a password."""

    password = None  # type: ignore[assignment] # Django's way to leave out an inherited field
    client_id = forms.CharField(label=gettext_lazy("Client ID"), max_length=200)
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"), max_length=300, required=False, widget=forms.PasswordInput(render_value=False)
    )
    authorize_url = forms.URLField(label=gettext_lazy("Sign-in address"), max_length=300, assume_scheme="https")
    token_url = forms.URLField(label=gettext_lazy("Token address"), max_length=300, assume_scheme="https")
    scope = forms.CharField(label=gettext_lazy("Scopes"), max_length=500, required=False)

    def settings(self) -> dict[str, Any]:
        data = self.cleaned_data
        client = Client(data["authorize_url"], data["token_url"], data["scope"], data["client_id"], data["client_secret"])
        return {**super().settings(), "client": client}
