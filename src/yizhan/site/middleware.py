"""What surrounds every request: its id, language, actor, and the mapping of refusals to pages."""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

import structlog
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from yizhan.kernel.actor import NOBODY
from yizhan.kernel.errors import DomainError
from yizhan.kernel.problems import PROBLEM, problem_body
from yizhan.kernel.texts import unreadable
from yizhan.kernel.web import actor_of, audit_refused, is_temporary, set_actor, told_as_temporary
from yizhan.people.access import actor_for, user_with_access
from yizhan.people.models import User
from yizhan.site import first_run
from yizhan.site.addresses import client_address
from yizhan.tickets.policies import tickets

PUBLIC = (
    "/accounts/",
    "/api/",
    "/s/",
    "/v/",
    "/join/",
    "/static/",
    "/language/",
    "/first-run/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/hooks/",
)
DRAFT = re.compile(r"[\w-]{1,60}", re.ASCII)
SENT, MOST_SENT = "yz_sent.", 20
COMPRESSED = ("text/", "application/json", PROBLEM, "image/svg+xml")
Next = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("yizhan.web")


class RequestMiddleware:
    """Gives the request an id that every log line and audit row carries; only static files may be kept by anybody."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = secrets.token_hex(8)
        request.META["YIZHAN_REQUEST_ID"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response.headers["X-Request-Id"] = request_id
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class CompressionMiddleware(GZipMiddleware):
    """Words leave compressed, with Django's random padding; pages of accounts, which show keys and codes, do not.

    Nothing else that a page shows opens anything: form tokens and stream passes differ in every answer (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        words = response.headers.get("Content-Type", "").startswith(COMPRESSED)
        if not words or response.streaming or request.path.startswith("/accounts/"):
            return response
        return super().process_response(request, cast(HttpResponse, response))


class LanguageMiddleware:
    """The language chosen by cookie, else the browser's when it is one of ours, else Chinese."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = dict(settings.LANGUAGES)
        wanted = request.headers.get("Accept-Language", "").lower()
        language = cookie if cookie in known else "en" if wanted.startswith("en") else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def session_user(request: HttpRequest) -> User | None:
    """The session's person with his access and his bell, in one statement where Django would take two.

    What Django checks is checked here too: the session's hash of the password. None leaves the decision to it.
    """
    key = str(request.session.get(SESSION_KEY, ""))
    found = user_with_access(int(key)) if key.isdigit() else None
    given = str(request.session.get(HASH_SESSION_KEY, ""))
    if found is None or not constant_time_compare(given, found.get_session_auth_hash()):
        return None
    request.user = found
    return found


class ActorMiddleware:
    """Who acts: the signed-in person with the roles held today. Inactive people are signed out."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A stranger has an address too: he signs by a link, or takes up an invitation.
        request_id = str(request.META.get("YIZHAN_REQUEST_ID", ""))
        set_actor(request, replace(NOBODY, channel="web", address=client_address(request), request_id=request_id))
        if not request.path.startswith(("/static/", "/api/")):
            user = session_user(request) or request.user
            if isinstance(user, User) and user.is_active:
                request.META["YIZHAN_NEWS"] = str(getattr(user, "unseen", 0))
                actor = actor_for(user, channel="web", address=client_address(request), request_id=request_id)
                set_actor(request, actor)
            elif isinstance(user, User):
                logout(request)
        return self.get_response(request)


class DoorMiddleware:
    """Nobody gets further without signing in, but to what is public by design. Unreadable input ends here."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if unreadable(request.path) or any(unreadable(value) for _, values in request.GET.lists() for value in values):
            return bad_request(request)
        if request.path.startswith(PUBLIC):
            return self.get_response(request)
        if actor_of(request).user_id is not None:
            return redirect("mfa_index") if lacks_second_factor(request) else self.get_response(request)
        if first_run.needed():
            return redirect("first-run")
        return redirect_to_login(request.get_full_path())

    def process_view(self, request: HttpRequest, *_args: Any) -> HttpResponse | None:
        form = (request.content_type or "").startswith(("application/x-www-form", "multipart/"))
        if form and not request.path.startswith("/api/"):
            texts = (str(value) for _, values in request.POST.lists() for value in values)
            return bad_request(request) if any(unreadable(text) for text in texts) else None
        return None


class DraftsMiddleware:
    """Tells the browser which draft has arrived (frontend/drafts.js): only a form that was taken is answered by a redirect.

    A cookie for each: another tab's answer may come before the browser has read the first.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND and not request.path.startswith("/api/"):
            draft = request.POST.get("draft", "")
            if DRAFT.fullmatch(draft):
                unread = [name for name in request.COOKIES if name.startswith(SENT)]
                for name in unread[: max(0, len(unread) + 1 - MOST_SENT)]:  # the oldest come first
                    response.delete_cookie(name, samesite="Strict")
                response.set_cookie(SENT + draft, "1", max_age=3600, samesite="Strict", secure=request.is_secure())
        return response


class ErrorMiddleware:
    """Refusals of commands, and what may succeed in a moment, become pages in the user's language; nothing else does."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if is_temporary(error):
            log.warning("page_busy", path=request.path, error=type(error).__name__, words=str(error)[:200])
            response = error_page(request, 503, told_as_temporary(error)[1])
            response.headers["Retry-After"] = "5"
            return response
        if not isinstance(error, DomainError):
            return None
        audit_refused(request, error)
        log.warning("page_refused", code=error.code, path=request.path, actor=actor_of(request).label)
        return error_page(request, error.status, str(error))


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether the installation asks the staff for a second factor and this person has none yet; asked once a session."""
    if (
        not settings.YIZHAN.require_mfa
        or request.session.get("second_factor")
        or not tickets.is_staff_somewhere(actor_of(request))
    ):
        return False
    if not Authenticator.objects.filter(user=actor_of(request).user_id).exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        return True
    request.session["second_factor"] = True
    return False


CODES = {400: "unreadable", 403: "forbidden", 404: "not_found", 500: "internal_error", 503: "busy"}


def error_page(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """A page for people; a problem for the API's callers, whatever went wrong and wherever."""
    if request.path.startswith("/api/"):
        body = problem_body(status, CODES.get(status, "refused"), message)
        return HttpResponse(body, status=status, content_type=PROBLEM)
    return render(request, "layout/error.html", {"status": status, "message": message}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("csrf", reason=reason, path=request.path)
    return error_page(request, 403, _("The page was open for too long. Go back, reload it and try again."))


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_page(request, 404, _("There is no such record."))
    return error_page(request, 404, _("There is no such page, or it is not yours to see."))


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return error_page(request, 400, _("The request could not be read."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Also when nothing works any more that a page needs: then the bare words."""
    words = _("Something went wrong on our side. It is in the log.")
    try:
        return error_page(request, 500, words)
    except Exception:  # noqa: BLE001 - a fault while a fault is shown
        return HttpResponse(words, status=500, content_type="text/plain; charset=utf-8")
