"""The standard pages of a declared resource: list, form, history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.forms import BaseModelForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel import stale
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import Conflict, Invalid
from yizhan.kernel.listing.views import list_context
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.paging import paginate
from yizhan.kernel.panels import panels_of
from yizhan.kernel.resource import acting, bulk_views
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.filtering import choices_of, filters_set
from yizhan.kernel.resource.registry import resource_of
from yizhan.kernel.resource.saving import bound_form, save_record
from yizhan.kernel.web import actor_of

PAGE = 50


def page_names(resource: Resource[Any]) -> dict[str, str]:
    """The route names that the templates link to."""
    return {f"resource_{view}": resource.url_name(view) for view in ("list", "new", "detail", "import", "batch")}


def list_page(resource: Resource[Any], request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    resource.require_view(actor)
    page = paginate(resource.found(actor, request.GET), resource.order, limit=PAGE, cursor=request.GET.get("cursor"))
    listed = list_context(request, resource)
    may_change = resource.policy.allows(actor, resource.change)
    context = {
        "resource": resource,
        "rows": [(item, [(column.label, column.value(item)) for column in listed["columns"]]) for item in page.items],
        "next": page.next,
        "q": request.GET.get("q", ""),
        "filters": choices_of(resource, actor, request.GET),
        "filtered": filters_set(resource, request.GET),
        "may_create": resource.can_create and may_change,
        "may_import": bool(resource.match) and resource.can_create and may_change,
        "batch_fields": [(n, resource.heading(n)) for n in resource.batch_fields(actor)] if may_change else [],
        **listed,
        **page_names(resource),
    }
    return render(request, "kernel/resource_list.html", context)


def in_words(resource: Resource[Any], actor: Actor, name: str, kept: Any) -> str:
    """What history kept of a field, as people read it; a record that the reader does not see stays a number."""
    if kept in (None, "", []) or not resource.is_field(name):
        return str(kept or "")
    field: Any = resource.model._meta.get_field(name)
    if not field.is_relation:
        return resource.adapter(name).words(kept)
    related = resource_of(field.related_model)
    rows = related.policy.scope(actor, related.view) if related else field.related_model._default_manager.none()
    keys = kept if isinstance(kept, list) else [kept]
    known = {record.pk: str(record) for record in rows.filter(pk__in=keys)}
    return "、".join(known.get(key, f"#{key}") for key in keys)


def history_of(actor: Actor, resource: Resource[Any], record: Model) -> list[dict[str, Any]]:
    """The last changes of what the form has, in words; what is personal shows as changed only, what is hidden not at all."""
    entries = AuditEntry.objects.filter(object_type=resource.model._meta.label_lower, object_id=record.pk).order_by("-id")[:20]
    unseen = resource.policy.hidden_of(actor, record)
    if not resource.policy.shows_internal(actor, record):
        unseen |= {"custom"}
    personal: frozenset[str] = getattr(resource.model, "AUDIT_PERSONAL", frozenset())
    shown = {*resource.shown, *resource.labels, "custom"} - unseen
    names = {getattr(f, "attname", f.name): f.name for f in resource.model._meta.get_fields()}
    found = []
    for entry in entries:
        changes = []
        for key, after in entry.after.items():
            name = names.get(key, key)
            if name not in shown:
                continue
            hidden = name in personal or name == "custom" or str(after).startswith(("#", "~"))
            words = [in_words(resource, actor, name, kept) for kept in (entry.before.get(key), after)]
            label = _("Custom fields") if name == "custom" else resource.heading(name)
            changes.append({"label": label, "before": words[0], "after": words[1], "hidden": hidden})
        found.append({"at": entry.at, "actor": entry.actor, "command": entry.command, "changes": changes})
    return found


def form_page(resource: Resource[Any], request: HttpRequest, pk: int | None) -> HttpResponse:
    actor = actor_of(request)
    record = resource.policy.find(actor, resource.view, pk=pk) if pk is not None else None
    if record is None:
        resource.policy.require(actor, resource.change)
    status = 200
    clashes: list[stale.Clash] = []
    seen = stale.seen_mark(bound_form(actor, resource, record)) if record else ""
    if request.method == "POST":
        base = stale.read_mark(request.POST.get("seen", "")) or {}
        try:
            saved = save_record(actor=actor, resource=resource, pk=pk, data=request.POST, base=base)
            messages.success(request, _("Saved."))
            return redirect(resource.url_name("detail"), pk=saved.pk)
        except (Invalid, Conflict) as error:
            status, clashes = error.status, getattr(error, "clashes", [])
            record = resource.policy.find(actor, resource.view, pk=pk) if pk is not None else None
            seen = stale.seen_mark(bound_form(actor, resource, record)) if record else ""
            form = refused_form(actor, resource, record, request.POST, error)
    else:
        form = bound_form(actor, resource, record, start=request.GET.dict() or None)
        for name in resource.fields:
            if record is None and name in request.GET:
                form.initial[name] = request.GET[name]
    opened = acting.open_form(resource, actor, record, request.GET.get("do", "")) if request.method != "POST" else {}
    return show_form(resource, request, record, form, status, clashes=clashes, seen=seen, **opened)


def show_form(
    resource: Resource[Any], request: HttpRequest, record: Any, form: BaseModelForm[Any], status: int, **more: Any
) -> HttpResponse:
    """The record's page; its form is read only where the actor may not change the record, or not in its present state."""
    actor = actor_of(request)
    editable = record is None or resource.life is None or resource.life.is_editable(record)
    may_change = editable and resource.policy.allows(actor, resource.change, record)
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "resource": resource, "record": record, "form": form, "may_change": may_change,
        "history": history_of(actor, resource, record) if record else [],
        "panels": panels_of(actor, record) if record else [], **page_names(resource),
        **acting.life_context(resource, actor, record), **more,
    }  # fmt: skip
    return render(request, "kernel/resource_form.html", context, status=status)


def refused_form(
    actor: Actor, resource: Resource[Any], record: Model | None, given: QueryDict, error: Invalid | Conflict
) -> BaseModelForm[Any]:
    """What was sent, to be put right: what nobody touched as it is now, each message beside its field."""
    data = given if record is None else stale.settle(bound_form(actor, resource, record), given)[0]
    form = bound_form(actor, resource, record, data)
    refused: Mapping[str, Any] = getattr(error, "fields", {})
    for name in set(form.errors) - set(refused):
        del form.errors[name]  # it stood there before, and nobody touched it
    fields = {n: texts for n, texts in refused.items() if n in form.fields and n not in form.errors}
    for name, texts in fields.items():
        form.add_error(name, [str(text) for text in texts])
    if not form.errors:
        form.add_error(None, str(error))
    return form


def build_urls(resource: Resource[Any]) -> list[URLPattern]:
    """`<name>/`, `<name>/new/`, `<name>/batch/`, `<name>/import/`, `<name>/<pk>/`, and `do/<action>/` below it."""

    @require_safe
    def listing(request: HttpRequest) -> HttpResponse:
        return list_page(resource, request)

    @require_http_methods(["GET", "HEAD", "POST"])
    def new(request: HttpRequest) -> HttpResponse:
        return form_page(resource, request, None)

    @require_http_methods(["GET", "HEAD", "POST"])
    def detail(request: HttpRequest, pk: int) -> HttpResponse:
        return form_page(resource, request, pk)

    def again(request: HttpRequest, pk: int, *, status: int, **more: Any) -> HttpResponse:
        actor = actor_of(request)
        record = resource.policy.find(actor, resource.view, pk=pk)
        form = bound_form(actor, resource, record)
        return show_form(resource, request, record, form, status, seen=stale.seen_mark(form), **more)

    urls = [
        path(f"{resource.name}/", listing, name=resource.url_name("list")),
        path(f"{resource.name}/batch/", bulk_views.batch_view(resource), name=resource.url_name("batch")),
    ]
    if resource.can_create:
        urls.append(path(f"{resource.name}/new/", new, name=resource.url_name("new")))
        if resource.match:
            urls.append(path(f"{resource.name}/import/", bulk_views.import_view(resource), name=resource.url_name("import")))
    if resource.life:
        do = acting.do_view(resource, resource.life, again)
        urls.append(path(f"{resource.name}/<int:pk>/do/<slug:action>/", do, name=resource.url_name("do")))
    return [*urls, path(f"{resource.name}/<int:pk>/", detail, name=resource.url_name("detail"))]
