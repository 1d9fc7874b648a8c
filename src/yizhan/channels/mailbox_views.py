"""Setting up a mailbox in the browser: tried before it is kept."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from yizhan.channels.policies import ChannelPermission
from yizhan.channels.services.mailboxes import add_mailbox, set_mailbox_active, try_mailbox
from yizhan.kernel.errors import DomainError, Forbidden, PermanentFailure, TemporaryFailure
from yizhan.kernel.forms import DressedForm
from yizhan.kernel.web import actor_of
from yizhan.people.policies import PeoplePermission, customers

SECURITY = [("imaps", gettext_lazy("TLS")), ("imap+starttls", "STARTTLS"), ("imap", gettext_lazy("none (only inside)"))]
SMTP = {"imaps": "smtps", "imap+starttls": "smtp+starttls", "imap": "smtp"}


class MailboxForm(DressedForm):
    name = forms.SlugField(label=gettext_lazy("Short name"), max_length=40)
    address = forms.EmailField(label=gettext_lazy("E-mail"))
    customer = forms.ChoiceField(label=gettext_lazy("Customer"))
    security = forms.ChoiceField(label=gettext_lazy("Encryption"), choices=SECURITY)
    imap = forms.CharField(label=gettext_lazy("IMAP server"), max_length=120, help_text=gettext_lazy("host, or host:port"))
    smtp = forms.CharField(label=gettext_lazy("SMTP server"), max_length=120, required=False)
    password = forms.CharField(
        label=gettext_lazy("Password or app password"), max_length=200, widget=forms.PasswordInput(render_value=False),
        help_text=gettext_lazy("Many providers want an app password (授权码), not that of the account."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        select = forms.Select(attrs={"class": "form-select"})
        self.fields["customer"] = forms.ChoiceField(label=gettext_lazy("Customer"), choices=choices, widget=select)
        self.order_fields(["name", "address", "customer", "security", "imap", "smtp", "password"])


@require_http_methods(["GET", "HEAD", "POST"])
def new_mailbox(request: HttpRequest) -> HttpResponse:
    """Kept only when the program could sign in there."""
    actor = actor_of(request)
    if not actor.holds(ChannelPermission.CHANGE):
        raise Forbidden
    served = customers.scope(actor, PeoplePermission.VIEW_PLACES).filter(active=True).order_by("sort_key")
    form, status = MailboxForm(request.POST or None, choices=[(c.code, str(c)) for c in served]), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                with transaction.atomic():
                    box = add_mailbox(
                        actor=actor, name=data["name"], address=data["address"], customer=data["customer"], password=data["password"],
                        imap_url=f"{data['security']}://{data['imap']}",
                        smtp_url=f"{SMTP[data['security']]}://{data['smtp']}" if data["smtp"] else "",
                    )  # fmt: skip
                    waiting = try_mailbox(box)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            except (TemporaryFailure, PermanentFailure) as fault:
                form.add_error(None, _("The server said: {words}").format(words=fault))
            else:
                messages.success(request, _("It works: {count} messages lie there.").format(count=waiting))
                return redirect("channels")
    return render(request, "channels/mailbox.html", {"form": form}, status=status)


@require_POST
def switch_mailbox(request: HttpRequest, pk: int) -> HttpResponse:
    set_mailbox_active(actor=actor_of(request), mailbox=pk, active=request.POST.get("active") == "1")
    return redirect("channels")
