"""Many records at once: the batch bar's two steps, and the import's way from file to result."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yizhan.kernel import attachments, stale, works
from yizhan.kernel.documents.xlsx import look_at_table
from yizhan.kernel.errors import Invalid
from yizhan.kernel.forms import dress_field
from yizhan.kernel.resource.batch import MOST, apply, batch_field, chosen_records, preview, seen_values
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.import_work import IMPORT
from yizhan.kernel.resource.mapping import guess_mapping, importable, known_mapping
from yizhan.kernel.web import actor_of, takes_form

View = Callable[..., HttpResponse]


def back_to_list(resource: Resource[Any], request: HttpRequest) -> str:
    """The list with the filters under which the rows were chosen."""
    return f"{resource.address()}?{request.GET.urlencode()}"


def batch_view(resource: Resource[Any]) -> View:
    @takes_form(lambda request: back_to_list(resource, request))
    def view(request: HttpRequest) -> HttpResponse:
        return batch_page(resource, request)

    return view


def batch_page(resource: Resource[Any], request: HttpRequest) -> HttpResponse:
    """First what would happen to each row, then (with `step=apply`) what happened."""
    actor, given = actor_of(request), request.POST
    resource.require_view(actor)
    resource.policy.require(actor, resource.change)
    ids = given.getlist("id")
    if given.get("all"):
        ids = [str(pk) for pk in resource.found(actor, request.GET).order_by(*resource.order).values_list("pk", flat=True)[:MOST]]
    records, name = chosen_records(resource, actor, ids), given.get("field", "")
    asked = batch_field(resource, actor, name, records)
    dress_field(asked)
    asked.widget.attrs["id"] = "batch-value"
    context: dict[str, Any] = {
        "resource": resource, "name": name, "label": resource.heading(name), "records": records, "query": request.GET.urlencode(),
        "back": back_to_list(resource, request), "step": given.get("step", "choose"), "lines": [],
    }  # fmt: skip
    status = 200
    if context["step"] != "choose":
        try:
            cleaned = asked.clean(asked.widget.value_from_datadict(given, {}, "value"))
        except ValidationError as error:
            context |= {"step": "choose", "error": " ".join(error.messages)}
            status = 422
        else:
            if context["step"] == "apply":
                context["lines"] = apply(resource, actor, records, name, cleaned, stale.read_mark(given.get("seen", "")))
            else:
                context["lines"] = preview(resource, actor, records, name, cleaned)
                context["seen"] = stale.seal(seen_values(resource, actor, records, name))
            context["value"] = given.get("value", "")
    context["widget"] = asked.widget.render("value", given.get("value"), attrs={"id": "batch-value"})
    context["done"] = sum(line.done for line in context["lines"])
    return render(request, "kernel/batch.html", context, status=status)


def import_view(resource: Resource[Any]) -> View:
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest) -> HttpResponse:
        actor = actor_of(request)
        resource.policy.require(actor, resource.change)
        if request.method == "POST":
            return take_file(resource, request)
        context = {"resource": resource, "fields": importable(resource, actor), "match": resource.match}
        return render(request, "kernel/import_upload.html", context)

    return view


def take_file(resource: Resource[Any], request: HttpRequest) -> HttpResponse:
    actor, file = actor_of(request), request.FILES.get("file")
    context = {"resource": resource, "fields": importable(resource, actor), "match": resource.match}
    try:
        if file is None:
            raise Invalid(_("Choose a file."), code="no_file")
        (checked,) = attachments.check_uploads([file])
        headings, _samples, count = look_at_table(checked.content, file.name or "", 0)
        stored = attachments.store(actor, customer_id=attachments.NOBODYS, file=checked)
    except Invalid as error:
        return render(request, "kernel/import_upload.html", {**context, "error": str(error)}, status=422)
    known = known_mapping(actor, resource, headings)
    params = {
        "resource": resource.name, "stage": "map", "rows": count, "remembered": known is not None,
        "mapping": guess_mapping(resource, actor, headings) if known is None else known,
    }  # fmt: skip
    label = _("Import of {name}: {file}").format(name=resource.label, file=stored.name)
    work = works.start_work(actor=actor, kind_name=IMPORT, label=label, params=params, source=stored, draft=True)
    return redirect("work", pk=work.pk)
