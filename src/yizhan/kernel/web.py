"""What every face that speaks HTTP shares: the actor of a request, limits, the client's address."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.actor import NOBODY, Actor
from yizhan.kernel.errors import Invalid


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request; the middleware or the token has set it."""
    return cast(Actor, getattr(request, "actor", NOBODY))


def set_actor(request: HttpRequest, actor: Actor) -> None:
    cast(Any, request).actor = actor


def clean_limit(limit: int) -> int:
    if not 1 <= limit <= 200:
        raise Invalid(_("limit must be between 1 and 200."), fields={"limit": ["1–200"]})
    return limit
