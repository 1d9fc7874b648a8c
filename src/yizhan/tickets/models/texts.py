"""Words that are written again and again: phrases for sheets, replies for requesters."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.people.models import Customer
from yizhan.tickets.models.category import Category


class Phrase(models.Model):
    """A few words that an engineer taps instead of typing, on the service sheet. It ends by `active=False`."""

    class Place(models.TextChoices):
        DIAGNOSIS = "diagnosis", _("diagnosis")
        ACTIONS = "actions_taken", _("what was done")

    place = models.CharField(_("where"), max_length=14, choices=Place.choices, default=Place.ACTIONS)
    text = models.CharField(_("words"), max_length=120)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("only for category"))
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("phrase")
        verbose_name_plural = _("phrases")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["place", "text"], condition=models.Q(active=True), name="tickets_phrase_once",
                violation_error_message=_("This phrase is there already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.text


class CannedReply(models.Model):
    """A reply kept for reuse, with the ticket's words filled in. For one customer or for all; it ends by `active=False`."""

    VARIABLES = ("number", "requester", "engineer", "subject", "hotline")

    title = models.CharField(_("title"), max_length=60)
    body = models.TextField(
        _("words"), max_length=5000, help_text=_("{number}, {requester}, {engineer}, {subject} and {hotline} are filled in.")
    )
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, verbose_name=_("only for customer"))
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["title"], condition=models.Q(active=True), name="tickets_canned_reply_once",
                violation_error_message=_("There is a reply of that title."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title
