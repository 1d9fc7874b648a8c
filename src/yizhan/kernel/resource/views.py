"""The standard pages of a declared resource."""

from typing import Any

from django.db.models import BooleanField, ForeignKey, Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yizhan.kernel.errors import Invalid
from yizhan.kernel.models import AuditEntry
from yizhan.kernel.paging import paginate
from yizhan.kernel.resource.declaration import Resource, resource_of
from yizhan.kernel.resource.saving import bound_form, save_record
from yizhan.kernel.web import actor_of

PAGE = 50


def heading(resource: Resource[Any], name: str) -> str:
    field: Any = resource.model._meta.get_field(name) if resource.is_field(name) else None
    return str(getattr(field, "verbose_name", name))


def cell(record: Model, name: str) -> Any:
    shown = getattr(record, f"get_{name}_display", None)
    value = shown() if shown else getattr(record, name)
    if hasattr(value, "all"):
        return "、".join(str(item) for item in value.all())
    return value() if callable(value) else value


def filter_choices(resource: Resource[Any], request: HttpRequest) -> list[dict[str, Any]]:
    """Each filter with its choices, the chosen one marked."""
    found = []
    for name in resource.filters:
        field: Any = resource.model._meta.get_field(name)
        chosen = request.GET.get(name, "")
        if isinstance(field, ForeignKey):
            related = resource_of(field.related_model)
            rows = related.rows(actor_of(request)) if related else field.related_model._default_manager.all()
            choices = [(str(item.pk), str(item)) for item in rows[:200]]
        elif isinstance(field, BooleanField):
            choices = [("1", _("yes")), ("0", _("no"))]
        else:
            choices = [(str(value), str(text)) for value, text in field.flatchoices]
        found.append({"name": name, "label": field.verbose_name, "choices": choices, "chosen": chosen})
    return found


def filtered(resource: Resource[Any], request: HttpRequest) -> Any:
    rows = resource.rows(actor_of(request))
    for name in resource.filters:
        value = request.GET.get(name, "")
        if value and value.isdigit():
            rows = rows.filter(**{name: int(value)})
        elif value:
            rows = rows.filter(**{name: value})
    question = request.GET.get("q", "").strip()[:100].replace("\0", "")
    if question:
        match = Q()
        for name in resource.contains:
            match |= Q(**{f"{name}__icontains": question})
        rows = rows.filter(match)
    return rows


def page_names(resource: Resource[Any]) -> dict[str, str]:
    """The route names that the templates link to."""
    return {f"resource_{view}": resource.url_name(view) for view in ("list", "new", "detail")}


def list_page(resource: Resource[Any], request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    resource.policy.require(actor, resource.view)
    page = paginate(filtered(resource, request), resource.order, limit=PAGE, cursor=request.GET.get("cursor"))
    hidden = resource.policy.hidden_fields(actor)
    columns = [name for name in resource.columns if name not in hidden]
    query = request.GET.copy()
    query.pop("cursor", None)
    context = {
        "resource": resource,
        "headings": [heading(resource, name) for name in columns],
        "rows": [(item, [cell(item, name) for name in columns]) for item in page.items],
        "next": page.next,
        "query": query.urlencode(),
        "q": request.GET.get("q", ""),
        "filters": filter_choices(resource, request),
        "filtered": any(request.GET.get(name) for name in (*resource.filters, "q")),
        "may_change": resource.can_create and resource.policy.allows(actor, resource.change),
        **page_names(resource),
    }
    return render(request, "kernel/resource_list.html", context)


def form_page(resource: Resource[Any], request: HttpRequest, pk: int | None) -> HttpResponse:
    actor = actor_of(request)
    record = resource.policy.find(actor, resource.view, pk=pk) if pk is not None else None
    may_change = resource.policy.allows(actor, resource.change, record)
    if record is None:
        resource.policy.require(actor, resource.change)
    status = 200
    if request.method == "POST":
        form = bound_form(actor, resource, record, request.POST)
        try:
            saved = save_record(actor=actor, resource=resource, pk=pk, data=request.POST)
            return redirect(resource.url_name("detail"), pk=saved.pk)
        except Invalid as error:
            status = 422
            if not form.errors:
                form.add_error(None, str(error))
    else:
        form = bound_form(actor, resource, record, None)
        for name in resource.fields:
            if record is None and name in request.GET:
                form.initial[name] = request.GET[name]
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    history = AuditEntry.objects.filter(object_type=resource.model._meta.label_lower, object_id=pk).order_by("-id")[:20]
    context = {
        "resource": resource, "record": record, "form": form, "may_change": may_change,
        "history": list(history) if record else [], **page_names(resource),
    }  # fmt: skip
    return render(request, "kernel/resource_form.html", context, status=status)


def build_urls(resource: Resource[Any]) -> list[URLPattern]:
    """`<name>/`, `<name>/new/`, `<name>/<pk>/`."""

    @require_safe
    def listing(request: HttpRequest) -> HttpResponse:
        return list_page(resource, request)

    @require_http_methods(["GET", "HEAD", "POST"])
    def new(request: HttpRequest) -> HttpResponse:
        return form_page(resource, request, None)

    @require_http_methods(["GET", "HEAD", "POST"])
    def detail(request: HttpRequest, pk: int) -> HttpResponse:
        return form_page(resource, request, pk)

    urls = [path(f"{resource.name}/", listing, name=resource.url_name("list"))]
    if resource.can_create:
        urls.append(path(f"{resource.name}/new/", new, name=resource.url_name("new")))
    return [*urls, path(f"{resource.name}/<int:pk>/", detail, name=resource.url_name("detail"))]
