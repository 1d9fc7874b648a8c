"""Accounts and keys from the command line and the first-run page."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import audit, clock
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.constraints import require_sound
from yizhan.kernel.errors import Invalid, NotFound
from yizhan.kernel.search.tokens import pinyin_key
from yizhan.people.models import ApiToken, Assignment, Role, User

MAX_DAYS = 3650


@command
def create_user(
    *, actor: Actor, username: str, name: str, password: str, email: str = "", roles: Sequence[Role] = (), checked: bool = True
) -> User:
    """A new account with roles for every customer.

    Raises:
        Invalid: with a message per field; the password is too weak (when `checked`).
        Conflict: `already_there`, somebody took the user name in this moment.
    """
    user = User(username=username, display_name=name, email=email, sort_key=pinyin_key(name))
    require_sound(user, exclude=["password"])
    if checked:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Invalid(_("The password is too weak."), fields={"password": error.messages}) from error
    user.set_password(password)
    user.save()
    given = Assignment.objects.bulk_create([Assignment(user=user, role=role) for role in roles])
    audit.record(actor, "create_user", user, {}, audit.snapshot(user))
    audit.record_many(actor, [("create_assignment", row, {}, audit.snapshot(row)) for row in given])
    return user


@command
def set_password(*, actor: Actor, username: str, password: str) -> User:
    """A new password from the console; sessions end by themselves, for they carry a hash of the old one.

    Raises:
        NotFound: no such active user.
        Invalid: the password is too weak.
    """
    user = User.objects.select_for_update().filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(_("There is no active user of that name."), code="unknown_user")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    before = audit.snapshot(user)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(actor, "set_password", user, before, audit.snapshot(user))
    return user


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@command
def create_token(*, actor: Actor, username: str, days: int) -> str:
    """A new API key for an active user; it is shown once, only its digest is kept.

    Raises:
        NotFound: no such active user.
        Invalid: a life of less than a day or more than ten years.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(_("There is no active user of that name."), code="unknown_user")
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(_("A token lives from 1 to 3650 days."), code="bad_days")
    token = f"yz_{secrets.token_urlsafe(32)}"
    now = clock.now()
    row = ApiToken.objects.create(user=user, digest=token_digest(token), created_at=now, expires_at=now + timedelta(days=days))
    audit.record(actor, "create_token", row, {}, {"user_id": user.pk, "expires_at": row.expires_at})
    return token
