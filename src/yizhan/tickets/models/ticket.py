"""One request of a customer, from whatever channel, on its one record."""

from datetime import datetime
from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.models import CustomValues
from yizhan.people.models import Contact, Customer, Department, Site, Team, User
from yizhan.tickets.models.category import Category
from yizhan.tickets.models.choices import (
    Channel,
    ClosureCode,
    Kind,
    KnowledgeDecision,
    Level,
    LevelSource,
    LinkKind,
    Paused,
    State,
    SubState,
)

PEOPLE = settings.AUTH_USER_MODEL
SUSPENDED = frozenset({Paused.WAIT_USER, Paused.WAIT_VENDOR, Paused.WAIT_PARTS, Paused.WAIT_APPROVAL})
SUB_STATES = {
    State.PENDING: [SubState.UNASSIGNED, SubState.OFFERED],
    State.IN_PROGRESS: [
        SubState.ACCEPTED, SubState.REMOTE, SubState.SCHEDULED, SubState.EN_ROUTE, SubState.ON_SITE, SubState.TIER2,
        SubState.REPAIR_OUT, SubState.REOPENED, SubState.WAIT_USER, SubState.WAIT_VENDOR, SubState.WAIT_PARTS,
        SubState.WAIT_APPROVAL,
    ],
    State.COMPLETED: [SubState.WAIT_SIGNOFF, SubState.SIGNED, SubState.RATED],
    State.ARCHIVED: [SubState.NONE],
}  # fmt: skip


def states_agree() -> models.Q:
    """State and sub-state belong together."""
    condition = models.Q()
    for state, sub_states in SUB_STATES.items():
        condition |= models.Q(state=state, sub_state__in=[str(s) for s in sub_states])
    return condition


class Ticket(models.Model):
    """One request. It ends archived: served and signed, or with a closure code that says why not.

    `owner` is accountable, `handler` works on it now, `first_contact_owner` is whoever took it
    first and never changes. `version` counts commands.
    """

    AUDIT_PERSONAL = frozenset({"subject", "description", "place"})

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.INCIDENT)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    sub_state = models.CharField(max_length=14, choices=SubState.choices, default=SubState.UNASSIGNED, blank=True)
    resume_to = models.CharField(max_length=14, choices=SubState.choices, blank=True)
    version = models.PositiveIntegerField(default=1)

    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"))
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, verbose_name=_("site"))
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name=_("department"))
    place = models.CharField(_("place"), max_length=80, blank=True)
    requester = models.ForeignKey(Contact, models.PROTECT, related_name="tickets", verbose_name=_("requester"))
    subject = models.CharField(_("subject"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"))

    channel = models.CharField(_("channel"), max_length=14, choices=Channel.choices)
    source_id = models.CharField(max_length=200, blank=True)
    registered_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField()
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    backfilled = models.BooleanField(default=False)

    reported_level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.THREE)
    level_source = models.PositiveSmallIntegerField(
        choices=LevelSource.choices, default=LevelSource.REPORTED, db_default=LevelSource.REPORTED
    )
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.THREE)
    level_judged = models.BooleanField(default=False)

    owner = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="owned_tickets")
    first_contact_owner = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    handler = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="handled_tickets")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    offered_to = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    transfer_to = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    co_handlers: "models.ManyToManyField[User, CoHandler]" = models.ManyToManyField(
        PEOPLE, through="CoHandler", through_fields=("ticket", "user"), related_name="+"
    )

    responded_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    scheduled_note = models.CharField(max_length=200, blank=True)
    arrived_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)
    restored_backdated = models.BooleanField(default=False)
    suspended_until = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    survey_until = models.DateTimeField(null=True)

    closure_code = models.CharField(max_length=14, choices=ClosureCode.choices, blank=True)
    closure_reason = models.TextField(blank=True)
    knowledge = models.CharField(max_length=10, choices=KnowledgeDecision.choices, blank=True)
    knowledge_article = models.CharField(max_length=60, blank=True)
    knowledge_reason = models.TextField(blank=True)
    reopened_count = models.PositiveSmallIntegerField(default=0)
    remind_count = models.PositiveSmallIntegerField(default=0)
    affected_count = models.PositiveIntegerField(default=0, db_default=0)
    reply_token = models.CharField(max_length=32, unique=True)
    custom = CustomValues()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints: ClassVar = [
            models.CheckConstraint(condition=states_agree(), name="tickets_state_and_sub_state"),
            models.CheckConstraint(
                condition=models.Q(level__range=(1, 4), reported_level__range=(1, 4)), name="tickets_level_range"
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending")
                | models.Q(owner__isnull=False, first_contact_owner__isnull=False, responded_at__isnull=False)
                | (models.Q(state="archived") & ~models.Q(closure_code__in=["", "normal"])),
                name="tickets_owner_once_accepted",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="completed") | models.Q(level_judged=True, completed_at__isnull=False),
                name="tickets_completed_is_judged",
            ),
            models.CheckConstraint(
                condition=(models.Q(state="archived") & ~models.Q(closure_code="") & models.Q(archived_at__isnull=False))
                | (~models.Q(state="archived") & models.Q(closure_code="", archived_at=None)),
                name="tickets_archived_has_closure",
            ),
            models.UniqueConstraint(
                fields=["customer", "channel", "source_id"],
                condition=~models.Q(source_id=""),
                name="tickets_source_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-received_at", "-id"], name="tickets_newest"),
            models.Index(fields=["customer", "-received_at", "-id"], name="tickets_customer_newest"),
            models.Index(fields=["requester", "-received_at"], name="tickets_requester_newest"),
            models.Index(fields=["state", "level", "received_at"], name="tickets_open", condition=~models.Q(state="archived")),
            models.Index(
                fields=["customer", "-received_at"],
                name="tickets_known_fault",
                condition=models.Q(affected_count__gt=0, state__in=["pending", "in_progress"]),
            ),
            models.Index(fields=["owner", "state"], name="tickets_owner", condition=~models.Q(state="archived")),
            models.Index(fields=["handler", "state"], name="tickets_handler", condition=~models.Q(state="archived")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def is_suspended(self) -> bool:
        return self.sub_state in SUSPENDED

    @property
    def sub_state_words(self) -> str:
        """The sub-state as people read it; a dispatched ticket says to whom."""
        if self.sub_state == SubState.OFFERED:
            return _now("dispatched to {name} · not accepted yet").format(name=self.offered_to or self.team or "?")
        return str(SubState(self.sub_state).label) if self.sub_state else ""

    @property
    def is_open(self) -> bool:
        return self.state in {State.PENDING, State.IN_PROGRESS}

    @property
    def short_number(self) -> str:
        """The spoken number: the sequence never restarts, so its tail is enough."""
        return self.number.rpartition("-")[2]

    @cached_property
    def workers(self) -> frozenset[int]:
        """Who wrote a sheet, visited or worked at a distance; asked once for an object."""
        sheets = self.sheets.order_by().values_list("submitted_by")
        field = self.visits.order_by().values_list("engineer"), self.remote_sessions.order_by().values_list("engineer")
        return frozenset(pk for (pk,) in sheets.union(*field))

    @property
    def waited_from(self) -> datetime:
        return self.completed_at or self.received_at


class CoHandler(models.Model):
    """Somebody who helps on a ticket, with hours of their own."""

    ticket = models.ForeignKey(Ticket, models.CASCADE)
    user = models.ForeignKey(PEOPLE, models.PROTECT)
    added_by = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    labour_minutes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ticket", "user"], name="tickets_co_handler_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} + {self.user_id}"


class Message(models.Model):
    """Words that somebody wrote on a ticket. It is never changed and lives as long as the ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    author = models.ForeignKey(PEOPLE, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    body = models.TextField()
    internal = models.BooleanField(default=False)
    channel = models.CharField(max_length=14, choices=Channel.choices)
    source_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ticket", "created_at"], name="tickets_message_order")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.body[:40]}"


class TicketLink(models.Model):
    """“`source` is … `target`”: two tickets that belong together."""

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="links")
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=14, choices=LinkKind.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "target", "kind"], name="tickets_link_once"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="tickets_link_other"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"
