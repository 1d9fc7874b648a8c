"""What every face that speaks HTTP shares: the actor of a request, limits, the client's address."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import NOBODY, Actor
from yizhan.kernel.commands import asks_again, audit_refusal
from yizhan.kernel.errors import DomainError, Invalid, NoRoom, TemporaryFailure

NO_ROOM = _("Files cannot be kept just now; nothing was changed. Your administrator can see it.")
BUSY = _("Too much is going on just now; nothing was changed. Please try again in a moment.")


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request; the middleware or the token has set it."""
    return cast(Actor, getattr(request, "actor", NOBODY))


def set_actor(request: HttpRequest, actor: Actor) -> None:
    cast(Any, request).actor = actor


def audit_refused(request: HttpRequest, error: DomainError) -> None:
    """A request that would have changed something was refused, by a command or before one was reached."""
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        audit_refusal(actor_of(request), f"{request.method} {request.path}", error)


def is_temporary(error: Exception) -> bool:
    """Whether nothing was done and the same may succeed in a moment: 503, on a page as in the API."""
    return isinstance(error, TemporaryFailure) or asks_again(error)


def told_as_temporary(error: Exception) -> tuple[str, str]:
    """(code, words) of what `is_temporary`."""
    return ("disk", str(NO_ROOM)) if isinstance(error, NoRoom) else ("busy", str(BUSY))


def clean_limit(limit: int) -> int:
    if not 1 <= limit <= 200:
        raise Invalid(_("limit must be between 1 and 200."), fields={"limit": ["1–200"]})
    return limit
