"""What people do with their accounts, in the audit: django-allauth tells, one row each, never a secret and nothing that was typed.

The rows stand in the account's own chain. Who names no account of ours is nobody's: such attempts go into a few
chains of their own, by address, each of which takes only so many in a while. So nobody who is not signed in ever waits
for, or holds up, a chain that the house writes to, and nobody fills the audit from outside.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zlib import crc32

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import Signal, receiver
from django.http import HttpRequest

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import NOBODY, Actor
from yizhan.kernel.models import AuditEntry
from yizhan.people.models import User
from yizhan.people.queries import account_named
from yizhan.site.addresses import client_address

ACCOUNT, STRANGER = User._meta.label_lower, "people.stranger"
GROUPS, MOST, WINDOW = 16, 50, timedelta(minutes=15)  # as many of one address as allauth lets through in that time
SIMPLE: Mapping[Signal, str] = {
    password_changed: "change_password",
    password_set: "set_password",
    password_reset: "reset_password",
}
FACTORS: Mapping[Signal, str] = {
    authenticator_added: "add_second_factor",
    authenticator_removed: "remove_second_factor",
    authenticator_reset: "renew_recovery_codes",
}


def acting(request: HttpRequest, user: User | None) -> Actor:
    """Who acts, where the session's person is not (or no longer) the one whom the act is about."""
    label, pk = (f"user:{user.pk}", user.pk) if user else (NOBODY.label, None)
    request_id = str(request.META.get("YIZHAN_REQUEST_ID", ""))
    return Actor(label=label, user_id=pk, channel="web", address=client_address(request), request_id=request_id)


def record_act(request: HttpRequest, user: User, command: str, facts: Mapping[str, Any] = {}) -> None:
    audit.write(acting(request, user), command, "done", ACCOUNT, user.pk, {}, facts)


def record_failure(request: HttpRequest, user: User | None, command: str) -> None:
    if user:
        audit.record_attempt(acting(request, None), command, ACCOUNT, user.pk)
        return
    actor = acting(request, None)
    group = crc32(actor.address.encode()) % GROUPS
    lately = AuditEntry.objects.filter(object_type=STRANGER, object_id=group, at__gt=clock.now() - WINDOW)
    if lately.count() < MOST:
        audit.record_attempt(actor, command, STRANGER, group)


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    ways = [str(step.get("type") or step["method"]) for step in get_authentication_records(request, user)]
    record_act(request, user, "sign_in", {"ways": ways})


@receiver(user_login_failed)
def sign_in_failed(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        name = str(credentials.get("username") or "")
        record_failure(request, account_named(name), "fail_sign_in")


@receiver(authentication_failed)
def second_factor_failed(request: HttpRequest, user: User, **_: Any) -> None:
    record_failure(request, user, "fail_second_factor")


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        record_act(request, user, "sign_out")


@receiver(list(SIMPLE))
def password_given(signal: Signal, request: HttpRequest, user: User, **_: Any) -> None:
    record_act(request, user, SIMPLE[signal])


@receiver(list(FACTORS))
def factor_changed(signal: Signal, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    record_act(request, user, FACTORS[signal], {"type": authenticator.type})


@receiver(authenticator_used)
def factor_used(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """That a second factor was given stands in the sign-in's row; a recovery code is one less."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        record_act(request, user, "use_recovery_code")


def sessions_ended(request: HttpRequest, user: User, count: int) -> None:
    record_act(request, user, "end_sessions", {"count": count})
