"""Inviting a colleague, and his first step: setting a password by the one-time link."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel import clock
from yizhan.kernel.documents import qr_svg
from yizhan.kernel.errors import DomainError, Invalid, NotFound
from yizhan.kernel.forms import put_refusal
from yizhan.kernel.sealing import seal, unseal
from yizhan.kernel.web import actor_of, takes_form
from yizhan.people import policies
from yizhan.people.invite_forms import AcceptForm, InviteForm
from yizhan.people.policies import PeoplePermission
from yizhan.people.queries import roles_of
from yizhan.people.services.inviting import (
    Invited,
    accept_invitation,
    invite_colleague,
    open_invitation,
    renew_invitation,
    withdraw_invitation,
)

HANDED_OVER = "invitation"
KEPT = timedelta(minutes=15)


def hand_over(request: HttpRequest, made: Invited) -> HttpResponse:
    """To the page with the link. It is kept nowhere but here, sealed, in the session of who made it, and not for long."""
    request.session[HANDED_OVER] = {"token": seal(made.token), "until": (clock.now() + KEPT).timestamp()}
    return redirect("invited", username=made.user.username)


@never_cache
@require_safe
def invited(request: HttpRequest, username: str) -> HttpResponse:
    """The link just made and its code, as often as the page is asked for in the first minutes."""
    actor = actor_of(request)
    person = policies.users.find(actor, PeoplePermission.VIEW_STAFF, username=username)
    policies.users.require(actor, PeoplePermission.CHANGE_STAFF, person)
    kept = request.session.get(HANDED_OVER) or {"token": "", "until": 0}
    token = unseal(kept["token"]) if kept["until"] > clock.now().timestamp() else ""
    try:
        row = open_invitation(token)
    except NotFound:
        row = None
    if row is None or row.user_id != person.pk:
        return redirect("resource-users-detail", pk=person.pk)
    link = Invited(person, token, row.expires_at).link
    context = {"person": person, "link": link, "qr": qr_svg(link), "expires_at": row.expires_at}
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
                return hand_over(request, invite_colleague(actor=actor, new=form.colleague()))
            except DomainError as refusal:
                put_refusal(form, refusal)
                status = refusal.status
    return render(request, "people/invite.html", {"form": form}, status=status)


@never_cache
@takes_form("invited", "username")
def change_invitation(request: HttpRequest, username: str) -> HttpResponse:
    """A fresh link, or the end of the open one."""
    actor = actor_of(request)
    if request.POST.get("do") == "withdraw":
        person = withdraw_invitation(actor=actor, username=username)
        messages.success(request, _("The invitation is withdrawn."))
        return redirect("resource-users-detail", pk=person.pk)
    return hand_over(request, renew_invitation(actor=actor, username=username))


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
    person = invitation.user
    context = {"form": form, "person": person, "inviter": invitation.made_by, "roles": roles_of(person)}
    return private(render(request, "people/join.html", context, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """The address is the secret: no other site hears of it. (`no-referrer` would take the origin from the form that is sent.)"""
    response.headers["Referrer-Policy"] = "same-origin"
    return response
