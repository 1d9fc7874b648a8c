"""`/api/v1/`: tokens, error shape, idempotency, search, attachments, and every app's router."""

from typing import Any

import orjson
import structlog
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import OperationalError, models
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from ninja import File, Form, Status, UploadedFile
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as WrongBody
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer
from pydantic import BaseModel

from yizhan.kernel import attachments, search
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import asks_again
from yizhan.kernel.errors import DomainError, Invalid, TemporaryFailure
from yizhan.kernel.fields import adapter_of
from yizhan.kernel.paging import decode, encode
from yizhan.kernel.problems import PROBLEM, problem_body
from yizhan.kernel.resource import all_resources
from yizhan.kernel.resource.api import build_router
from yizhan.kernel.rest import Words, documented, listed
from yizhan.kernel.web import actor_of, audit_refused, clean_limit, is_temporary, set_actor, told_as_temporary
from yizhan.people.access import actor_for, token_user
from yizhan.people.api import router as invitations_router
from yizhan.people.services.accounts import token_digest
from yizhan.site.addresses import client_address
from yizhan.site.openapi import ABOUT, DocumentedAPI
from yizhan.site.pages.api_docs import OwnDocs
from yizhan.tickets.api import router as tickets_router
from yizhan.tickets.intake import customer_of
from yizhan.tickets.presenting import FileOut
from yizhan.tickets.services.messages import attach_file

log = structlog.get_logger("yizhan.api")
AT, NUMBER = adapter_of(models.DateTimeField()), adapter_of(models.BigIntegerField())


class OrjsonRenderer(BaseRenderer):
    """JSON with Chinese as it stands."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=str)


class TokenAuth(HttpBearer):
    """A bearer token; the actor is built once and lives as long as the request."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        known = actor_of(request)
        if known.user_id is not None:
            return known
        user = token_user(token_digest(token))
        if user is None:
            return None
        request_id = str(request.META.get("YIZHAN_REQUEST_ID", ""))
        actor = actor_for(user, channel="api", address=client_address(request), request_id=request_id)
        set_actor(request, actor)
        return actor


api = DocumentedAPI(
    title="Yizhan 一站",
    version="1",
    description=ABOUT,
    urls_namespace="api",
    auth=TokenAuth(),
    renderer=OrjsonRenderer(),
    docs=OwnDocs(),
    docs_url="/docs",
)


def problem(request: HttpRequest, status: int, code: str, message: str, **more: Any) -> HttpResponse:
    """A refusal, told in the log too."""
    if status != 401:
        log.warning("api_refused", code=code, status=status, path=request.path, actor=actor_of(request).label)
    response = HttpResponse(problem_body(status, code, message, **more), status=status, content_type=PROBLEM)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(DomainError)
def on_domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    audit_refused(request, error)
    more = dict(error.context)
    fields = getattr(error, "fields", None)
    if fields:
        more["errors"] = fields
    return problem(request, error.status, error.code, str(error), **more)


@api.exception_handler(AuthenticationError)
def on_no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    log.warning("api_refused", code="unauthenticated", status=401, path=request.path)
    return problem(request, 401, "unauthenticated", _("A valid token is needed."))


@api.exception_handler(WrongBody)
def on_wrong_body(request: HttpRequest, error: WrongBody) -> HttpResponse:
    fields: dict[str, list[str]] = {}
    for item in error.errors:
        where = [str(part) for part in item["loc"] if part not in {"body", "query", "path"}]
        fields.setdefault(".".join(where[1:] or where), []).append(str(item["msg"]))
    return problem(request, 422, "invalid", _("Some fields are not right."), errors=fields)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    code = "malformed_json" if error.status_code == 400 else "http_error"
    message = _("The body is not valid JSON.") if error.status_code == 400 else str(error)
    return problem(request, error.status_code, code, message)


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404, "not_found", _("There is no such record."))


@api.exception_handler(MultiPartParserError)
@api.exception_handler(SuspiciousOperation)
@api.exception_handler(UnicodeError)
def on_unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(request, 400, "unreadable", _("The request could not be read."))


@api.exception_handler(OperationalError)
@api.exception_handler(TemporaryFailure)
def on_temporary(request: HttpRequest, error: Exception) -> HttpResponse:
    """Nothing was done, and the same may succeed in a moment; `asks_again` tells who holds a transaction around us."""
    if not is_temporary(error):
        return on_fault(request, error)
    log.warning("api_busy", path=request.path, error=type(error).__name__, words=str(error)[:200])
    response = problem(request, 503, *told_as_temporary(error))
    response.headers["Retry-After"] = "5"
    response.__dict__["asks_again"] = asks_again(error)
    return response


@api.exception_handler(Exception)
def on_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("api_fault", path=request.path, error=type(error).__name__)
    return problem(request, 500, "internal_error", _("Something went wrong on our side. It is in the log."))


api.add_router("/tickets", tickets_router)
api.add_router("/invitations", invitations_router)
for _resource in all_resources():
    if _resource.in_api:
        _extra = {"password": (str | None, None)} if _resource.name == "users" else None
        api.add_router(f"/{_resource.name}", build_router(_resource, extra=_extra))


class HitOut(BaseModel):
    """A record that was found."""

    type: str
    number: str
    title: str
    url: str


@api.get(
    "/search",
    response=dict[str, Any],
    tags=["search"],
    operation_id="search",
    openapi_extra=documented(answers={200: listed(HitOut)}),
)
def search_records(request: HttpRequest, q: str, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
    """The newest records in scope that hold every term of `q`."""
    size, before = clean_limit(limit), None
    if cursor:
        at, number = decode(cursor, 2, "search")
        try:
            before = (AT.read(at), NUMBER.read(number))
        except ValidationError as error:
            raise Invalid(_("The cursor is not valid."), code="invalid_cursor") from error
    hits = search.find(actor_of(request), q, limit=size + 1, before=before)
    more = len(hits) > size
    items = [{"type": h.type, "number": h.number or str(h.object_id), "title": h.title, "url": h.url} for h in hits[:size]]
    last = hits[size - 1] if more else None
    return {"items": items, "next": encode([AT.plain(last.at), last.id], "search") if last else None}


@api.post(
    "/attachments", response={201: dict[str, Any]}, tags=["attachments"], operation_id="attachments_create",
    openapi_extra=documented(answers={201: FileOut}),
)  # fmt: skip
def upload(request: HttpRequest, file: File[UploadedFile], customer: Form[Words | None] = None) -> Status[dict[str, Any]]:
    """Keep a file until a message takes it. Staff may name the customer's code; a requester's own is meant."""
    actor = actor_of(request)
    unsaid = customer is None and actor.home_customer_id is None
    customer_id = attachments.NOBODYS if unsaid else customer_of(actor, customer).pk
    row = attach_file(actor=actor, customer_id=customer_id, file=attachments.check_uploads([file])[0])
    shown = {"id": row.pk, "sha256": row.sha256, "name": row.name, "size": row.size, "content_type": row.content_type}
    return Status(201, shown)
