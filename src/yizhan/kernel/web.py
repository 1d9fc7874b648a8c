"""What every face that speaks HTTP shares: the actor of a request, limits, the client's address."""

import functools
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from yizhan.kernel.actor import NOBODY, Actor
from yizhan.kernel.commands import asks_again, audit_refusal
from yizhan.kernel.errors import NO_ROOM, DomainError, Invalid, NoRoom, TemporaryFailure

View = Callable[..., HttpResponse]
CAME_FROM = "came_from"
BUSY = _("Too much is going on just now; nothing was changed. Please try again in a moment.")


def actor_of(request: HttpRequest) -> Actor:
    """Who acts in this request; the middleware or the token has set it."""
    return cast(Actor, getattr(request, "actor", NOBODY))


def set_actor(request: HttpRequest, actor: Actor) -> None:
    cast(Any, request).actor = actor


def came_from(request: HttpRequest) -> str:
    """The page of ours that led to this form, kept over its refusals; empty where none did, or only the form itself."""
    given = request.POST.get(CAME_FROM, "") if request.method == "POST" else request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(given, {request.get_host()}):
        return ""
    path, query = urlsplit(given).path, urlsplit(given).query
    found = f"{path}?{query}" if query else path
    leads = path != request.path and not path.startswith("/accounts/") and not path.endswith("/new/")
    return found if leads and url_has_allowed_host_and_scheme(found, None) else ""


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


def takes_form(page: str | Callable[..., str], *arguments: str) -> Callable[[View], View]:
    """A view that only takes a form: whoever asks for its address is led to the page where that form stands.

    A browser does so after signing in again, and with the address of a form that came back refused. `page` is that page's
    name, `arguments` those of this address that it takes too, and the query goes along; or it tells the address. Who may see
    that page is its own affair.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @functools.wraps(view)
        def either(request: HttpRequest, *args: Any, **given: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **given)
            if callable(page):
                return redirect(page(request, **given))
            query = f"?{request.GET.urlencode()}" if request.GET else ""
            return redirect(reverse(page, kwargs={name: given[name] for name in arguments}) + query)

        return either

    return decorate
