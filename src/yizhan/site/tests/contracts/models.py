from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.lifecycle.constraints import in_states
from yizhan.people.models import Customer


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("In force")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")


class Contract(models.Model):
    """What a supplier does for a customer, for how long and how much. It ends, or is cancelled with a reason."""

    number = models.CharField(_("Number"), max_length=40, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("Customer"))
    supplier = models.CharField(_("Supplier"), max_length=120)
    begins = models.DateField(_("Begins"), null=True, blank=True)
    ends = models.DateField(_("Ends"), null=True, blank=True)
    amount = models.DecimalField(_("Amount"), max_digits=12, decimal_places=2, null=True, blank=True)
    state = models.CharField(_("State"), max_length=12, choices=State.choices, default=State.DRAFT)
    reason = models.CharField(_("Reason"), max_length=400, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        app_label = "contracts"
        verbose_name = _("contract")
        constraints = (in_states("state", State, name="contract_state"),)

    def __str__(self) -> str:
        return self.number
