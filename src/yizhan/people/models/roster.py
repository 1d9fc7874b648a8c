from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Duty(models.Model):
    """One stretch of an engineer's roster: a shift, being on call, or leave with somebody who stands in. Past ones stay."""

    class Kind(models.TextChoices):
        SHIFT = "shift", _("shift")
        ON_CALL = "on_call", _("on call")
        LEAVE = "leave", _("leave")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="duties", verbose_name=_("engineer"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.SHIFT)
    begins = models.DateTimeField(_("from"))
    ends = models.DateTimeField(_("until"))
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("substitute")
    )
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duties")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("begins")), name="people_duty_period",
                violation_error_message=_("The end lies before the beginning."),
            ),
            models.CheckConstraint(
                condition=models.Q(substitute=None) | ~models.Q(substitute=models.F("user")), name="people_duty_substitute",
                violation_error_message=_("Nobody stands in for himself."),
            ),
            models.UniqueConstraint(
                fields=["user", "kind", "begins"], name="people_duty_once",
                violation_error_message=_("This duty is in the roster already."),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["ends", "begins"], name="people_duty_time")]

    def __str__(self) -> str:
        return f"{self.user} {self.get_kind_display()}"

    @property
    def words(self) -> str:
        """On leave (and who stands in), on call, on shift."""
        return f"{self.get_kind_display()} → {self.substitute}" if self.substitute else str(self.get_kind_display())
