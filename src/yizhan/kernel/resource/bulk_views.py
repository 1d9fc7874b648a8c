"""Many records at once: the batch bar's two steps, and the import's way from file to result."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yizhan.kernel import attachments, works
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.documents.xlsx import read_table, write_xlsx
from yizhan.kernel.errors import DomainError, Forbidden, Invalid, NotFound
from yizhan.kernel.forms import dress_field
from yizhan.kernel.models import Work
from yizhan.kernel.resource.batch import MOST, apply, batch_field, chosen_records, preview
from yizhan.kernel.resource.declaration import Resource
from yizhan.kernel.resource.importing import faulty_rows, import_rows
from yizhan.kernel.resource.mapping import guess_mapping, importable, keep_mapping, known_mapping
from yizhan.kernel.resource.registry import resource_named
from yizhan.kernel.web import actor_of
from yizhan.kernel.works.views import question

View = Callable[..., HttpResponse]
SAMPLES, FAULTS_SHOWN = 3, 50
IMPORT = "import"


def batch_view(resource: Resource[Any]) -> View:
    @require_POST
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
    asked = batch_field(resource, actor, name)
    dress_field(asked)
    asked.widget.attrs["id"] = "batch-value"
    context: dict[str, Any] = {
        "resource": resource, "name": name, "label": resource.heading(name), "records": records, "query": request.GET.urlencode(),
        "back": f"{resource.address()}?{request.GET.urlencode()}", "step": given.get("step", "choose"), "lines": [],
    }  # fmt: skip
    status = 200
    if context["step"] != "choose":
        try:
            cleaned = asked.clean(asked.widget.value_from_datadict(given, {}, "value"))
        except ValidationError as error:
            context |= {"step": "choose", "error": " ".join(error.messages)}
            status = 422
        else:
            run = apply if context["step"] == "apply" else preview
            context["lines"] = run(resource, actor, records, name, cleaned)
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
        content = attachments.read_upload(file)
        headings, rows = read_table(content, file.name or "")
        stored = attachments.store(actor, customer_id=attachments.NOBODYS, name=file.name or "import.xlsx", content=content)
    except Invalid as error:
        return render(request, "kernel/import_upload.html", {**context, "error": str(error)}, status=422)
    known = known_mapping(actor, resource, headings)
    params = {
        "resource": resource.name, "stage": "map", "rows": len(rows), "remembered": known is not None,
        "mapping": guess_mapping(resource, actor, headings) if known is None else known,
    }  # fmt: skip
    label = _("Import of {name}: {file}").format(name=resource.label, file=stored.name)
    work = works.start_work(actor=actor, kind_name=IMPORT, label=label, params=params, source=stored, draft=True)
    return redirect("work", pk=work.pk)


def table_of(work: Work) -> tuple[list[str], list[list[str]]]:
    if work.source is None:
        raise NotFound
    with attachments.open_content(work.source) as stream:
        return read_table(stream.read(), work.source.name)


def mapping_context(work: Work, actor: Actor) -> dict[str, Any]:
    """What the mapping step shows: each field with the column that was guessed or remembered, and sample cells."""
    resource = resource_named(work.params["resource"])
    headings, rows = table_of(work)
    mapping = work.params["mapping"]
    columns = [(i, heading, [row[i] for row in rows[:SAMPLES]]) for i, heading in enumerate(headings)]
    needed = resource.match[:-1] or resource.match
    fields = [(name, label, mapping.get(name, -1), name in needed) for name, label in importable(resource, actor).items()]
    return {"columns": columns, "fields": fields, "resource": resource, "fault_limit": FAULTS_SHOWN}


def next_step(work: Work, request: HttpRequest) -> None:
    """The owner's answer to a draft: the mapping, then the word to go on; the job does the rest."""
    actor, given = actor_of(request), request.POST
    resource = resource_named(work.params["resource"])
    resource.policy.require(actor, resource.change)
    if work.params["stage"] == "map" or given.get("step") == "map":
        chosen = {n: given.get(f"column-{n}", "") for n in importable(resource, actor)}
        mapping = {name: int(value) for name, value in chosen.items() if value.isascii() and value.isdigit() and len(value) < 4}
        check_mapping(actor=actor, work=work, mapping=mapping, create_missing=bool(given.get("create_missing")))
    elif given.get("step") == "again":
        works.ask_again(actor=actor, work=work, params={"stage": "map"})
    else:
        works.go_on(actor=actor, work=work, params={"stage": "write"})


@command
def check_mapping(*, actor: Actor, work: Work, mapping: dict[str, int], create_missing: bool) -> None:
    """Remember the mapping for the next sheet of this shape, and queue the dry run."""
    keep_mapping(actor, resource_named(work.params["resource"]), table_of(work)[0], mapping)
    works.go_on(actor=actor, work=work, params={"mapping": mapping, "create_missing": create_missing, "stage": "check"})


@works.kind(IMPORT)
def run_import(work: Work, actor: Actor, progress: works.Progress) -> works.Result:
    """The dry run (`check`) waits for its owner again; the real one (`write`) ends the work."""
    resource = resource_named(work.params["resource"])
    headings, rows = table_of(work)
    dry_run = work.params["stage"] != "write"
    try:
        outcome = import_rows(
            actor=actor, resource=resource, mapping=work.params["mapping"], rows=rows, dry_run=dry_run,
            create_missing=work.params.get("create_missing", False), tell=progress,
        )  # fmt: skip
    except DomainError as error:
        if isinstance(error, Forbidden):
            raise
        work.params["stage"] = "map"
        return works.Result({"refused": str(error)}, state=Work.State.DRAFT)
    figures = {
        "refused": "", "new": outcome.new, "changed": outcome.changed, "same": outcome.same, "faulty": len(outcome.faults),
        "faults": [[fault.row, "；".join(fault.reasons)] for fault in outcome.faults[:FAULTS_SHOWN]], "dry": dry_run,
    }  # fmt: skip
    output = None
    if outcome.faults:
        content = write_xlsx([*headings, _("Reason")], faulty_rows(headings, rows, outcome.faults), title=str(resource.label))
        name = _("{name}, rows not taken.xlsx").format(name=resource.label)
        most = 10 * attachments.limit()
        output = attachments.store(actor, customer_id=attachments.NOBODYS, name=name, content=content, most=most)
    return works.Result(figures, output, Work.State.DRAFT if dry_run else Work.State.DONE)


question(IMPORT, "kernel/import_question.html", mapping_context, next_step)
