"""What people call a record that the audit names by its key: its number, its name, the ticket or the person it belongs to."""

from collections import defaultdict
from collections.abc import Iterable

from django.apps import apps

from yizhan.kernel.audit_words import words_of
from yizhan.kernel.models import AuditEntry

# By kind, the ways to the words. Nothing that some who read the audit may not see: no telephone number, no text, nobody's own
# list. A name alone is not one record's (two people have it, or somebody else had it when the row was written): what has no
# number or code has its key beside it.
TICKET, PERSON = ("ticket__number",), ("user__display_name", "user__username")
NAMES: dict[str, tuple[str, ...]] = {
    "tickets.ticket": ("number",), "tickets.cohandler": TICKET, "tickets.message": TICKET, "tickets.affecteduser": TICKET,
    "tickets.servicesheet": ("number",), "tickets.signoff": TICKET, "tickets.signlink": TICKET, "tickets.rating": TICKET,
    "tickets.returnvisit": TICKET, "tickets.watcher": TICKET, "tickets.visit": TICKET, "tickets.remotesession": TICKET,
    "tickets.ticketlink": ("source__number",), "tickets.phrase": ("text", "pk"),
    "tickets.category": ("name", "code"), "tickets.cannedreply": ("title", "pk"),
    "tickets.handover": ("receiver__display_name", "receiver__username"),
    "people.customer": ("name", "code"), "people.site": ("name", "pk"), "people.department": ("name", "pk"),
    "people.contact": ("name", "pk"), "people.user": ("display_name", "username"), "people.team": ("name", "code"),
    "people.skill": ("name", "code"), "people.assignment": PERSON, "people.duty": PERSON, "people.invitation": PERSON,
    "people.apitoken": PERSON, "channels.mailbox": ("name",), "channels.mailgrant": ("mailbox__name",),
    "channels.phoneline": ("name",), "kernel.attachment": ("name", "pk"),
    "kernel.noticepreference": ("owner__display_name", "owner__username"), "kernel.noticetemplate": ("code",),
    "kernel.customfield": ("label", "pk"), "kernel.work": ("label", "pk"),
}  # fmt: skip


def named_things(rows: Iterable[AuditEntry]) -> dict[int, str]:
    """For each row, by its key, what it is about in words; one statement for each kind of record on the page."""
    rows = list(rows)
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.object_type in NAMES and row.object_id is not None:
            wanted[row.object_type].add(row.object_id)
    found = {
        (kind, pk): called(values)
        for kind, ids in wanted.items()
        for pk, *values in apps.get_model(kind)._default_manager.filter(pk__in=ids).values_list("pk", *NAMES[kind])
    }
    return {row.pk: thing_words(row, found.get((row.object_type, row.object_id or 0)) or kept_name(row)) for row in rows}


def called(values: Iterable[object]) -> str:
    """A name with what tells it from others of that name."""
    return " ".join(f"#{value}" if isinstance(value, int) else str(value) for value in values if value)


def kept_name(row: AuditEntry) -> str:
    """The name that a record had which is not there any more, as far as this row tells it, and its key."""
    kept = [str(row.before.get(path) or row.after.get(path) or "") for path in NAMES.get(row.object_type, ())]
    return called(text for text in kept if not text.startswith(("#", "~"))) or (f"#{row.object_id}" if row.object_id else "")


def thing_words(row: AuditEntry, name: str) -> str:
    what = words_of(row.object_type) if row.object_type else ""
    return f"{what} {name}".strip()
