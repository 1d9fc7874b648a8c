"""Who besides owner and handler has to do with a ticket: watchers; and whole stacks of tickets that change hands."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.tickets.models.ticket import Ticket

PEOPLE = settings.AUTH_USER_MODEL


class Watcher(models.Model):
    """One of ours who wants to hear of a ticket, by his own wish or because somebody mentioned him."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="watchers")
    user = models.ForeignKey(PEOPLE, models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ticket", "user"], name="tickets_watcher_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.user_id}"


class Handover(models.Model):
    """交班: all open tickets of one engineer offered to another in one act, accepted or declined once.

    Until then the sender stays accountable. It ends accepted, declined or withdrawn.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    sender = models.ForeignKey(PEOPLE, models.PROTECT, related_name="+")
    receiver = models.ForeignKey(PEOPLE, models.PROTECT, related_name="+")
    tickets: "models.ManyToManyField[Ticket, models.Model]" = models.ManyToManyField(Ticket, related_name="+")
    note = models.TextField(_("note"), blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    made_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sender"],
                condition=models.Q(state="offered"),
                name="tickets_one_handover",
                violation_error_code="handover_waits",
                violation_error_message=_("Your last handover is still waiting for an answer."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} → {self.receiver}"
