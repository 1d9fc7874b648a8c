"""Setting up a mailbox in the browser: tried before it is kept, or signed in for at its provider."""

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.channels.drivers.mail.oauth import begin_sign_in
from yizhan.channels.mailbox_forms import PROVIDERS, WAYS, GrantForm, MailboxForm
from yizhan.channels.policies import ChannelPermission
from yizhan.channels.services.grants import connect_mailbox, granted_mailbox
from yizhan.channels.services.mailboxes import add_mailbox, set_mailbox_active, try_and_add_mailbox, try_mailbox
from yizhan.kernel.errors import DomainError, Forbidden, PermanentFailure, TemporaryFailure
from yizhan.kernel.forms import put_refusal
from yizhan.kernel.web import actor_of, takes_form
from yizhan.people.policies import PeoplePermission, customers

PENDING = "mailbox_sign_in"


def require_keeper(request: HttpRequest) -> None:
    if not actor_of(request).holds(ChannelPermission.CHANGE):
        raise Forbidden


@require_http_methods(["GET", "HEAD", "POST"])
def new_mailbox(request: HttpRequest) -> HttpResponse:
    """By password: kept only when the program could sign in there. By a grant: kept at rest, then signed in for."""
    require_keeper(request)
    provider = PROVIDERS.get(request.GET.get("by", ""))
    served = customers.scope(actor_of(request), PeoplePermission.VIEW_PLACES).filter(active=True).order_by("sort_key")
    form = (GrantForm if provider else MailboxForm)(
        request.POST or None, choices=[(c.code, str(c)) for c in served], initial=provider.initial if provider else {}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return kept(request, form)
            except DomainError as refusal:
                put_refusal(form, refusal)
            except (TemporaryFailure, PermanentFailure) as fault:
                form.add_error(None, _("The server said: {words}").format(words=fault))
    context = {
        "form": form, "ways": WAYS, "way": request.GET.get("by", "") if provider else "password",
        "return_address": return_address() if provider else "",
    }  # fmt: skip
    return render(request, "channels/mailbox.html", context, status=status)


def kept(request: HttpRequest, form: MailboxForm) -> HttpResponse:
    given = form.settings()
    if "client" in given:
        return redirect("mailbox-connect", pk=add_mailbox(actor=actor_of(request), **given).pk)
    waiting = try_and_add_mailbox(actor=actor_of(request), **given)
    messages.success(request, _("It works: {count} messages lie there.").format(count=waiting))
    return redirect("channels")


@takes_form("channels")
def switch_mailbox(request: HttpRequest, pk: int) -> HttpResponse:
    set_mailbox_active(actor=actor_of(request), mailbox=pk, active=request.POST.get("active") == "1")
    return redirect("channels")


def return_address() -> str:
    """Where the provider sends the administrator back; it is registered there by these very words."""
    return f"{settings.YIZHAN.base_url}{reverse('mailbox-connected')}"


@require_safe
def connect_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The way to the provider's sign-in. What must come back is remembered in this session only."""
    require_keeper(request)
    mailbox = granted_mailbox(actor_of(request), pk)
    way = begin_sign_in(mailbox.grant, return_address())
    request.session[PENDING] = {"mailbox": mailbox.pk, "state": way.state, "verifier": way.verifier}
    return render(request, "channels/connect.html", {"mailbox": mailbox, "url": way.url, "return_address": return_address()})


@require_safe
def connected(request: HttpRequest) -> HttpResponse:
    """Back from the provider, with a code for the sign-in that this session began: once, and no other."""
    require_keeper(request)
    pending = request.session.pop(PENDING, None)
    if pending is None or not secrets.compare_digest(pending["state"].encode(), request.GET.get("state", "").encode()):
        messages.error(request, _("This sign-in was not begun here, or is over. Begin again."), extra_tags="hot")
        return redirect("channels")
    pk, code = pending["mailbox"], request.GET.get("code", "")
    try:
        if not code:
            raise PermanentFailure(request.GET.get("error_description") or request.GET.get("error") or "?")
        box = connect_mailbox(
            actor=actor_of(request), mailbox=pk, redirect_uri=return_address(), code=code[:4000], verifier=pending["verifier"]
        )
        waiting = try_mailbox(box)
    except (TemporaryFailure, PermanentFailure) as fault:
        messages.error(request, _("The server said: {words}").format(words=str(fault)[:300]), extra_tags="hot")
        return redirect("mailbox-connect", pk=pk)
    messages.success(request, _("It works: {count} messages lie there.").format(count=waiting))
    return redirect("channels")
