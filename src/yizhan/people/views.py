"""Inviting a colleague, and his first step: setting a password by the one-time link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from yizhan.kernel.documents import qr_svg
from yizhan.kernel.errors import DomainError, Invalid, NotFound
from yizhan.kernel.forms import put_refusal
from yizhan.kernel.web import actor_of
from yizhan.people import policies
from yizhan.people.invite_forms import AcceptForm, InviteForm
from yizhan.people.policies import PeoplePermission
from yizhan.people.services.inviting import (
    Invited,
    accept_invitation,
    invite_colleague,
    open_invitation,
    renew_invitation,
    withdraw_invitation,
)


def shown(request: HttpRequest, invited: Invited) -> HttpResponse:
    """The link and its code: once, for it is kept nowhere."""
    context = {"person": invited.user, "link": invited.link, "qr": qr_svg(invited.link), "expires_at": invited.expires_at}
    return render(request, "people/invitation.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Person, roles, customers, team: one form, and the link to hand over."""
    actor, status = actor_of(request), 200
    policies.users.require(actor, PeoplePermission.CHANGE_STAFF)
    form = InviteForm(request.POST or None, actor=actor)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return shown(request, invite_colleague(actor=actor, new=form.colleague()))
            except DomainError as refusal:
                put_refusal(form, refusal)
                status = refusal.status
    return render(request, "people/invite.html", {"form": form}, status=status)


@never_cache
@require_POST
def change_invitation(request: HttpRequest, username: str) -> HttpResponse:
    """A fresh link, or the end of the open one."""
    actor = actor_of(request)
    if request.POST.get("do") == "withdraw":
        person = withdraw_invitation(actor=actor, username=username)
        messages.success(request, _("The invitation is withdrawn."))
        return redirect("resource-users-detail", pk=person.pk)
    return shown(request, renew_invitation(actor=actor, username=username))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and changes nothing, POST sets the password and uses the link up."""
    status, form = 200, AcceptForm(request.POST or None)
    try:
        invitation = open_invitation(token)
        if request.method == "POST":
            status = 422
            if form.is_valid():
                stranger, password = actor_of(request), form.cleaned_data["password"]
                accept_invitation(token=token, password=password, address=stranger.address, request_id=stranger.request_id)
                messages.success(request, _("Your password is set. Sign in with it."))
                return redirect("account_login")
    except NotFound as gone:
        return private(render(request, "people/join_gone.html", {"message": str(gone)}, status=404))
    except Invalid as refusal:
        form.add_error("password", str(refusal))
    return private(render(request, "people/join.html", {"form": form, "person": invitation.user}, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """The address is the secret: no other site hears of it. (`no-referrer` would take the origin from the form that is sent.)"""
    response.headers["Referrer-Policy"] = "same-origin"
    return response
