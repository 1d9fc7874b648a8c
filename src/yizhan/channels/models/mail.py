"""Where requests come from, and every message exactly as it came."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.models import Claimed
from yizhan.kernel.partitions import partition_monthly
from yizhan.people.models import Contact, Customer
from yizhan.tickets.models import Ticket


class Mailbox(models.Model):
    """One mailbox that is read for a customer. It ends by `active=False`; what came through it stays.

    Name and address are unique in the whole firm: a mailbox that was read twice would give every request to two
    customers, and the command line knows it by its name. An address is the same in any case. Who is refused learns that
    it is taken, not by whom.
    """

    name = models.SlugField(_("name"), max_length=40, unique=True)
    address = models.EmailField(_("address"))
    imap_url = models.CharField(max_length=200)
    smtp_url = models.CharField(max_length=200, blank=True)
    sealed_password = models.TextField(blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"))
    active = models.BooleanField(_("active"), default=True)
    failures = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    polled_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("address"),
                name="channels_one_address",
                violation_error_message=_("Another mailbox has this address already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RawPayload(models.Model):
    """A message exactly as it was received, partitioned by month."""

    pk = models.CompositePrimaryKey("at", "id")
    id = models.BigIntegerField()
    at = models.DateTimeField()
    content = models.BinaryField()

    class Meta:
        managed = False
        db_table = "channels_raw"

    def __str__(self) -> str:
        return str(self.id)


partition_monthly(RawPayload._meta.db_table)


class InboundMessage(Claimed):
    """One received message and what became of it. `key` makes sure that it is registered once.

    It begins stored and ends processed, ignored (with the reason), or discarded by a
    person; triage and failed wait for one.
    """

    class State(models.TextChoices):
        STORED = "stored", _("stored")
        PROCESSED = "processed", _("processed")
        TRIAGE = "triage", _("waiting for triage")
        IGNORED = "ignored", _("ignored")
        DISCARDED = "discarded", _("discarded")
        FAILED = "failed", _("failed")

    key = models.CharField(max_length=64, unique=True)
    driver = models.CharField(max_length=20)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT)
    raw_at = models.DateTimeField()
    raw_id = models.BigIntegerField()
    size = models.PositiveIntegerField(default=0)
    message_id = models.CharField(max_length=300, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.STORED)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True)

    class Meta:
        verbose_name = _("received message")
        verbose_name_plural = _("received messages")
        indexes: ClassVar = [
            models.Index(fields=["id"], name="channels_inbound_todo", condition=models.Q(state="stored")),
            models.Index(fields=["state", "-received_at"], name="channels_inbound_state"),
            models.Index(fields=["message_id"], name="channels_inbound_thread"),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.subject}"
