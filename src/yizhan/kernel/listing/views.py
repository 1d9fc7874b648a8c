"""What every list page offers besides its rows: saved views, columns, the Excel file."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yizhan.kernel import works
from yizhan.kernel.actor import Actor
from yizhan.kernel.errors import NotFound
from yizhan.kernel.listing import export, services
from yizhan.kernel.listing.declaration import Listing, listing_named
from yizhan.kernel.listing.queries import kept, shown_columns
from yizhan.kernel.web import actor_of, takes_form

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_sharers: list[Any] = []


def sharing_is_for(may_share: Any) -> None:
    """Told by `people` who may share a view with everybody."""
    _sharers[:] = [may_share]


def may_share(actor: Actor) -> bool:
    return bool(_sharers and _sharers[0](actor))


def bare_query(given: QueryDict) -> str:
    """The address's filters, without where the reader happens to be."""
    query = given.copy()
    for name in ("cursor", "columns", "saved"):
        query.pop(name, None)
    for name in [n for n, values in query.lists() if not any(values)]:
        query.pop(name)
    return query.urlencode()


def list_context(request: HttpRequest, listing: Listing[Any]) -> dict[str, Any]:
    """Columns, saved views and addresses for a list's template."""
    actor = actor_of(request)
    views, chosen = kept(actor, listing)
    columns, offered = shown_columns(actor, listing, request.GET, chosen)
    shown = {column.name for column in columns}
    query = request.GET.copy()
    query.pop("cursor", None)
    return {
        "listing": listing,
        "columns": columns,
        "headings": [column.label for column in columns],
        "column_choices": [(c.name, c.label, c.name in shown) for c in offered.values()],
        "saved_views": [(v, f"{v.query}&saved={v.pk}{columns_part(v.columns)}") for v in views],
        "saved": request.GET.get("saved", ""),
        "query": query.urlencode(),
        "bare_query": bare_query(request.GET),
        "may_share": may_share(actor),
    }


def columns_part(columns: list[str]) -> str:
    return f"&columns={','.join(columns)}" if columns else ""


def find_listing(name: str) -> Listing[Any]:
    listing = listing_named(name)
    if listing is None:
        raise NotFound
    return listing


def back_to(listing: Listing[Any], query: str) -> HttpResponse:
    return redirect(f"{listing.address()}?{query}" if query else listing.address())


def list_page(request: HttpRequest, name: str, **_given: Any) -> str:
    return find_listing(name).address()


@takes_form(list_page)
def save_view(request: HttpRequest, name: str) -> HttpResponse:
    actor, listing, query = actor_of(request), find_listing(name), bare_query(QueryDict(request.POST.get("query", "")))
    shared = bool(request.POST.get("shared"))
    view = services.save_view(
        actor=actor, listing=listing, name=request.POST.get("name", ""), query=query,
        columns=request.POST.getlist("columns"), shared=shared, may_share=may_share(actor),
    )  # fmt: skip
    messages.success(request, _("The view “{name}” is kept.").format(name=view.name))
    return back_to(listing, f"{view.query}&saved={view.pk}{columns_part(view.columns)}")


@takes_form(list_page)
def delete_view(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    listing = find_listing(name)
    services.delete_view(actor=actor_of(request), listing=listing, pk=pk, may_share=may_share(actor_of(request)))
    return back_to(listing, "")


@takes_form(list_page)
def choose_columns(request: HttpRequest, name: str) -> HttpResponse:
    listing = find_listing(name)
    services.choose_columns(actor=actor_of(request), listing=listing, columns=request.POST.getlist("columns"))
    return back_to(listing, bare_query(QueryDict(request.POST.get("query", ""))))


@require_safe
def export_list(request: HttpRequest, name: str) -> HttpResponse:
    """What the page shows, with its filters and columns; a large one becomes long work."""
    actor, listing = actor_of(request), find_listing(name)
    listing.require_view(actor)
    columns = shown_columns(actor, listing, request.GET)[0]
    if not export.is_small(actor, listing, request.GET):
        params = {"listing": listing.name, "query": bare_query(request.GET), "columns": [c.name for c in columns]}
        label = _("Excel file of {name}").format(name=listing.label)
        return redirect("work", pk=works.start_work(actor=actor, kind_name="export", label=label, params=params).pk)
    response = HttpResponse(export.file_of(actor, listing, request.GET, columns), content_type=XLSX)
    response.headers["Content-Disposition"] = str(
        content_disposition_header(as_attachment=True, filename=f"{listing.label}.xlsx")
    )
    response.headers["Cache-Control"] = "no-store"
    return response
