"""The import as long work: what it asks its owner, and what the worker runs. Loaded in every process."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yizhan.kernel import attachments, works
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.documents.xlsx import look_at_table, read_numbered_table, write_xlsx
from yizhan.kernel.errors import DomainError, Forbidden, NotFound
from yizhan.kernel.models import Work
from yizhan.kernel.resource.importing import faulty_rows, import_rows
from yizhan.kernel.resource.mapping import importable, keep_mapping, needed
from yizhan.kernel.resource.reading import in_one
from yizhan.kernel.resource.registry import resource_named
from yizhan.kernel.web import actor_of

SAMPLES, FAULTS_SHOWN = 3, 50
IMPORT = "import"
Table = tuple[list[str], list[list[str]], list[int]]  # headings, rows, each row's number in the spreadsheet


def source_of(work: Work) -> tuple[bytes, str]:
    if work.source is None:
        raise NotFound
    with attachments.open_content(work.source) as stream:
        return stream.read(), work.source.name


def mapping_context(work: Work, actor: Actor) -> dict[str, Any]:
    """What the mapping step shows: each field with the column that was guessed or remembered, and sample cells."""
    resource = resource_named(work.params["resource"])
    headings, samples, _count = look_at_table(*source_of(work), SAMPLES)
    mapping = work.params["mapping"]
    columns = [(i, heading, [row[i] for row in samples]) for i, heading in enumerate(headings)]
    star, lacking = needed(resource), (work.result or {}).get("lacking", {})
    fields = [
        (name, label, mapping.get(name, -1), name in star, lacking.get(name, ""))
        for name, label in importable(resource, actor).items()
    ]
    return {"columns": columns, "fields": fields, "resource": resource, "fault_limit": FAULTS_SHOWN}


def next_step(work: Work, request: HttpRequest) -> None:
    """The owner's answer to a draft: the mapping, then the word to go on; the job does the rest."""
    actor, given = actor_of(request), request.POST
    resource = resource_named(work.params["resource"])
    resource.policy.require(actor, resource.change)
    if work.params["stage"] == "map" or given.get("step") == "map":
        chosen = {n: given.get(f"column-{n}", "") for n in importable(resource, actor)}
        headings = look_at_table(*source_of(work), 0)[0]
        columns = {str(number): number for number in range(len(headings))}
        mapping = {name: columns[value] for name, value in chosen.items() if value in columns}
        check_mapping(
            actor=actor, work=work, headings=headings, mapping=mapping, create_missing=bool(given.get("create_missing"))
        )
    elif given.get("step") == "again":
        works.ask_again(actor=actor, work=work, params={"stage": "map"})
    else:
        works.go_on(actor=actor, work=work, params={"stage": "write"})


@command
def check_mapping(*, actor: Actor, work: Work, headings: list[str], mapping: dict[str, int], create_missing: bool) -> None:
    """Remember the mapping for the next sheet of this shape, and queue the dry run."""
    keep_mapping(actor, resource_named(work.params["resource"]), headings, mapping)
    works.go_on(actor=actor, work=work, params={"mapping": mapping, "create_missing": create_missing, "stage": "check"})


def read_source(work: Work) -> Table:
    return read_numbered_table(*source_of(work))


@works.kind(IMPORT, reader=read_source)
def run_import(work: Work, actor: Actor, progress: works.Progress, table: Table) -> works.Result:
    """The dry run (`check`) waits for its owner again; the real one (`write`) ends the work."""
    resource = resource_named(work.params["resource"])
    headings, rows, numbers = table
    dry_run = work.params["stage"] != "write"
    try:
        outcome = import_rows(
            actor=actor, resource=resource, mapping=work.params["mapping"], rows=rows, numbers=numbers, dry_run=dry_run,
            create_missing=work.params.get("create_missing", False), tell=progress,
        )  # fmt: skip
    except DomainError as error:
        if isinstance(error, Forbidden):
            raise
        work.params["stage"] = "map"
        return works.Result({"refused": str(error), "lacking": getattr(error, "fields", {})}, state=Work.State.DRAFT)
    figures = {
        "refused": "", "new": outcome.new, "changed": outcome.changed, "same": outcome.same, "faulty": len(outcome.faults),
        "faults": [[fault.row, in_one(fault.reasons)] for fault in outcome.faults[:FAULTS_SHOWN]], "dry": dry_run,
    }  # fmt: skip
    output = None
    if outcome.faults:
        returned = faulty_rows(headings, dict(zip(numbers, rows, strict=True)), outcome.faults)
        content = write_xlsx([*headings, _("Reason")], returned, title=str(resource.label))
        name = _("{name}, rows not taken.xlsx").format(name=resource.label)
        file = attachments.check(name, content, 10 * attachments.limit())
        output = attachments.store(actor, customer_id=attachments.NOBODYS, file=file)
    return works.Result(figures, output, Work.State.DRAFT if dry_run else Work.State.DONE)


works.question(IMPORT, "kernel/import_question.html", mapping_context, next_step)
