"""Every text of the customer demo-b carries a mark that tells who must never meet it.

A column that holds text is planted here or says why not, on the day it is born (`test_planted.py` holds it).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg import sql

from yizhan.kernel.models import CustomField
from yizhan.people.models import Contact, Customer, User
from yizhan.people.searching import index_contacts
from yizhan.site.roles import role_of
from yizhan.tickets.models import ServiceSheet, Ticket
from yizhan.tickets.searching import index_ticket

COMMON = "共同"  # stands before every mark, so that one question finds them all


class Mark(StrEnum):
    """Who must not meet it: who has nothing to do with demo-b; its people who have nothing to do with this record;
    its people at all; who may not see numbers and addresses of its people; who may not see our own people's;
    everybody but one person.
    """

    FOREIGN = "f"
    OTHERS = "o"
    INTERNAL = "i"
    NUMBER = "n"
    COLLEAGUE = "c"
    OWN = "w"


F, O, I, N, C, W = Mark  # noqa: E741 - the letters that stand in the marks
PLANTS: dict[str, tuple[str, dict[str, Mark]]] = {  # model → (the way to its customer, what its columns are)
    "people.Customer": ("pk", {"name": F, "short_name": F}),
    "people.Site": ("customer", {"name": F, "address": F}),
    "people.Department": ("customer", {"name": F}),
    "people.Contact": ("customer", {"name": O, "phone": N, "email": N, "title": O, "place": O}),
    "tickets.Ticket": (
        "customer",
        {"place": F, "subject": F, "description": F, "source_id": F, "scheduled_note": F, "closure_reason": F,
         "knowledge_article": I, "knowledge_reason": I},
    ),
    "tickets.Message": ("ticket__customer", {"body": F, "source_id": I}),
    "tickets.AffectedUser": ("ticket__customer", {"name": I, "phone": I, "place": I}),
    "tickets.SignOff": ("ticket__customer", {"signer_name": F, "reason": F, "address": I, "agent": I}),
    "tickets.Rating": ("ticket__customer", {"comment": F}),
    "tickets.ReturnVisit": ("ticket__customer", {"comment": I}),
    "tickets.Visit": ("ticket__customer", {"proof_note": I}),
    "tickets.RemoteSession": ("ticket__customer", {"tool": F, "session": I}),
    "tickets.CannedReply": ("customer", {"title": I, "body": I}),
    "channels.Mailbox": ("customer", {"imap_url": I, "smtp_url": I, "error": I}),
    "channels.MailGrant": ("mailbox__customer", {"scope": I, "client_id": I}),
    "channels.InboundMessage": ("customer", {"sender_name": I, "subject": I, "reason": I, "message_id": I}),
    "channels.PhoneLine": ("customer", {"name": I}),
    "channels.Call": ("customer", {"number": N, "called": I, "return_note": I, "source_id": I}),
    "channels.CallNews": ("line__customer", {"reason": I}),
    "kernel.Attachment": ("customer_id", {"name": F}),
}  # fmt: skip
NOT_PLANTED: dict[str, set[str]] = {
    "a name, a key, a code or a kind that the program itself needs": {
        "kernel.Attachment.sha256", "kernel.Attachment.content_type", "kernel.Attachment.owner_type", "people.Customer.code",
        "people.Customer.zone", "people.Customer.muted", "people.User.username", "tickets.Ticket.number",
        "tickets.ServiceSheet.number", "tickets.ServiceSheet.sha256", "tickets.SignOff.sheet_sha256",
        "tickets.SignOff.evidence_sha256", "channels.Mailbox.name",
        "channels.Mailbox.address", "channels.InboundMessage.key", "channels.InboundMessage.driver",
        "channels.InboundMessage.sender", "channels.MailGrant.authorize_url", "channels.MailGrant.token_url",
        "channels.CallNews.key", "channels.Call.recording", "channels.InboundMessage.claim", "kernel.AuditHead.object_type",
    },
    "a secret or its hash: no page reads it": {
        "people.User.password", "people.ApiToken.digest", "people.Invitation.digest", "tickets.Ticket.reply_token",
        "tickets.ServiceSheet.verify_token", "tickets.SignLink.digest", "channels.Mailbox.sealed_password",
        "channels.MailGrant.sealed_client_secret", "channels.MailGrant.sealed_refresh_token",
        "channels.MailGrant.sealed_access_token", "channels.PhoneLine.sealed_secret",
    },
    "sums and seals of the audit, and what verifying it found: read by the command line only": {
        "kernel.AuditHead.digest", "kernel.AuditHead.anchor", "kernel.AuditHead.seal", "kernel.AuditCheck.report",
        "kernel.AuditCheck.rest_sum", "kernel.AuditCheck.previous", "kernel.AuditCheck.seal",
    },
    "which foreign server is left alone for a while, of the whole firm: no page shows it": {
        "kernel.ForeignServer.key", "kernel.ForeignServer.error",
    },
    "derived from a planted column": {
        "people.Customer.sort_key", "people.Site.sort_key", "people.Department.sort_key", "people.Contact.sort_key",
        "people.User.sort_key", "tickets.ServiceSheet.content",
    },
    "planted by hand below": {
        "people.User.email", "people.User.phone", "people.User.display_name", "people.Customer.custom", "people.Site.custom",
        "people.Department.custom", "people.Contact.custom", "tickets.Ticket.custom", "tickets.ServiceSheet.diagnosis",
        "tickets.ServiceSheet.actions_taken", "tickets.ServiceSheet.parts", "tickets.SignOff.on_behalf",
        "tickets.SignOff.strokes", "tickets.Rating.tags", "tickets.Handover.note",
    },
    "the firm's own, or one person's own": {
        "kernel.CustomField.target", "kernel.CustomField.group", "kernel.CustomField.key", "kernel.CustomField.label",
        "kernel.CustomField.choices", "kernel.NoticeTemplate.code", "kernel.NoticeTemplate.subject", "kernel.NoticeTemplate.body",
        "kernel.NoticePreference.by_mail", "kernel.ImportMapping.listing", "kernel.ImportMapping.headings",
        "kernel.ImportMapping.mapping", "people.Duty.note", "people.Skill.code", "people.Skill.name", "people.Team.code",
        "people.Team.name", "tickets.Category.code", "tickets.Category.name", "tickets.Phrase.text",
    },
}  # fmt: skip
WRITTEN_BY_THE_PROGRAM = {  # whole tables that carry what the commands above put into them, so they are walked as they are
    "kernel.AuditEntry", "kernel.AuditText", "kernel.StoredEvent", "kernel.SearchRow", "kernel.Notice", "kernel.News",
    "kernel.IdempotencyKey", "kernel.SavedView", "kernel.Work",
}  # fmt: skip
APPS = ("kernel", "people", "tickets", "channels")
TEXT = (models.CharField, models.TextField, models.JSONField, ArrayField)


@dataclass
class Planted:
    """The marks by what they stand for, and where each was put."""

    places: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Mark] = field(default_factory=dict)

    def word(self, kind: Mark, place: str) -> str:
        number = len(self.places) + 1
        made = f"1991{number:07d}" if place.endswith((".phone", ".number")) else f"zq{kind}{number:04d}x"
        self.places[made], self.kinds[made] = place, kind
        return made

    def of(self, kinds: set[Mark]) -> dict[str, str]:
        return {word: place for word, place in self.places.items() if self.kinds[word] in kinds}


def text_columns() -> Iterator[str]:
    """Every column of ours that may hold a text that somebody wrote."""
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            for column in model._meta.concrete_fields:
                if isinstance(column, TEXT) and not getattr(column, "choices", None):
                    yield f"{model._meta.label}.{column.name}"


def value_for(column: Any, word: str) -> str:
    if isinstance(column, models.EmailField):
        return f"{word}@planted.example"
    return word if word.isdigit() or isinstance(column, models.SlugField) else f"{COMMON}{word}"


def work_as_daily() -> None:
    """The owner's connection with the rights of daily work, no more."""
    with connection.cursor() as cursor:
        role = sql.Identifier(role_of(settings.YIZHAN.database_url)).as_string(cursor.connection)
        cursor.execute(f"SET session_replication_role = origin; SET ROLE {role}")


@contextmanager
def unguarded() -> Iterator[None]:
    """What people signed, rated and wrote is closed to daily work: only the owner plants there, with the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET session_replication_role = replica")
    yield
    work_as_daily()


def plant_columns(planted: Planted, customer: Customer, own: Contact) -> None:
    """A mark of its own in every text column of every row of the customer."""
    for label, (way, columns) in PLANTS.items():
        model = apps.get_model(label)
        wanted = customer.pk if way in {"pk", "customer_id"} else customer
        for row in model._default_manager.filter(**{way: wanted}):
            values = {}
            for name, kind in columns.items():
                column = model._meta.get_field(name)
                shown = kind_of(row, name, kind, own)
                values[name] = value_for(column, planted.word(shown, f"{label}.{name}"))
            model._default_manager.filter(pk=row.pk).update(**values)


def kind_of(row: Any, name: str, kind: Mark, own: Contact) -> Mark:
    """The same column may be one thing on `own`'s records and another on his colleagues'; internal rows are internal."""
    if getattr(row, "internal", False):
        return I
    ticket = row if isinstance(row, Ticket) else getattr(row, "ticket", None)
    if isinstance(row, Ticket) and row.affected_count:  # a known fault is told to everybody of its customer
        return kind
    if kind is F and ticket is not None and ticket.requester_id != own.pk:
        return O
    return F if isinstance(row, Contact) and row.pk == own.pk else kind


def plant_custom(planted: Planted, customer: Customer, own: Contact) -> None:
    for target in ("people.customer", "people.site", "people.department", "people.contact", "tickets.ticket"):
        fields = {
            public: CustomField.objects.create(
                target=target, key=f"k{int(public)}", label=f"自定{int(public)}", searchable=True, public=public
            )
            for public in (True, False)
        }
        model = apps.get_model(target)
        for row in model._default_manager.filter(**{"pk" if target == "people.customer" else "customer": customer.pk}):
            shown = O if target == "people.contact" and row.pk != own.pk else kind_of(row, "custom", F, own)
            values = {
                str(fields[public].pk): f"{COMMON}{planted.word(shown if public else I, f'{target}.custom')}"
                for public in (True, False)
            }
            model._default_manager.filter(pk=row.pk).update(custom=values)


def plant_sheets(planted: Planted, customer: Customer, own: Contact) -> None:
    """The words of a sheet that nobody has signed yet, with the text that stands for it."""
    for sheet in ServiceSheet.objects.filter(ticket__customer=customer).select_related("ticket"):
        kind = kind_of(sheet, "diagnosis", F, own)
        for name in ("diagnosis", "actions_taken"):
            setattr(sheet, name, f"{COMMON}{planted.word(kind, f'tickets.ServiceSheet.{name}')}")
        ServiceSheet.objects.filter(pk=sheet.pk).update(diagnosis=sheet.diagnosis, actions_taken=sheet.actions_taken)


def plant_staff(planted: Planted, username: str) -> None:
    """Our own people's numbers are not for customers, nor for who may not see numbers."""
    user = User.objects.get(username=username)
    user.phone = planted.word(C, "people.User.phone")
    user.email = f"{planted.word(C, 'people.User.email')}@planted.example"
    user.save()


def reindex(customer: Customer) -> None:
    index_contacts(Contact.objects.filter(customer=customer))
    for ticket in Ticket.objects.filter(customer=customer).select_related("customer", "requester"):
        index_ticket(ticket)
