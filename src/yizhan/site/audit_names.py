"""What people call a record that the audit names by its key: its number, its name, the ticket or the person it belongs to."""

from collections import defaultdict
from collections.abc import Iterable

from django.apps import apps

from yizhan.kernel.audit_words import words_of
from yizhan.kernel.models import AuditEntry

# By kind, the way to the words. Nothing that some who read the audit may not see: no telephone number, no text.
NAMES = {
    "tickets.ticket": "number", "tickets.cohandler": "ticket__number", "tickets.message": "ticket__number",
    "tickets.affecteduser": "ticket__number", "tickets.servicesheet": "number", "tickets.signoff": "ticket__number",
    "tickets.signlink": "ticket__number", "tickets.rating": "ticket__number", "tickets.returnvisit": "ticket__number",
    "tickets.watcher": "ticket__number", "tickets.visit": "ticket__number", "tickets.remotesession": "ticket__number",
    "tickets.category": "name", "tickets.cannedreply": "title", "tickets.handover": "receiver__display_name",
    "people.customer": "name", "people.site": "name", "people.department": "name", "people.contact": "name",
    "people.user": "display_name", "people.team": "name", "people.skill": "name", "people.assignment": "user__display_name",
    "people.duty": "user__display_name", "people.invitation": "user__display_name", "people.apitoken": "user__display_name",
    "channels.mailbox": "name", "channels.mailgrant": "mailbox__name", "channels.phoneline": "name",
    "kernel.attachment": "name", "kernel.savedview": "name", "kernel.noticepreference": "owner__display_name",
    "kernel.noticetemplate": "code", "kernel.customfield": "label", "kernel.work": "label",
}  # fmt: skip


def named_things(rows: Iterable[AuditEntry]) -> dict[int, str]:
    """For each row, by its key, what it is about in words; one statement for each kind of record on the page."""
    rows = list(rows)
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.object_type in NAMES and row.object_id is not None:
            wanted[row.object_type].add(row.object_id)
    found = {
        (kind, pk): name
        for kind, ids in wanted.items()
        for pk, name in apps.get_model(kind)._default_manager.filter(pk__in=ids).values_list("pk", NAMES[kind])
    }
    return {row.pk: thing_words(row, str(found.get((row.object_type, row.object_id)) or kept_name(row))) for row in rows}


def kept_name(row: AuditEntry) -> str:
    """The name that a record had which is not there any more, as far as this row tells it; else its key."""
    path = NAMES.get(row.object_type, "")
    return str(row.before.get(path) or row.after.get(path) or row.object_id or "")


def thing_words(row: AuditEntry, name: str) -> str:
    what = words_of(row.object_type) if row.object_type else ""
    return f"{what} {name}".strip()
