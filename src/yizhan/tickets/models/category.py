from django.db import models
from django.utils.translation import gettext_lazy as _

from yizhan.people.models.customers import CODE


class Category(models.Model):
    """One branch of the service catalogue, under software or hardware. It ends by `active=False`."""

    class Half(models.TextChoices):
        HARDWARE = "hardware", _("hardware")
        SOFTWARE = "software", _("software")

    code = models.CharField(_("code"), max_length=31, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=60)
    half = models.CharField(_("half"), max_length=10, choices=Half.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("parent"))
    level = models.PositiveSmallIntegerField(_("usual level"), null=True, blank=True, choices=[(i, str(i)) for i in range(1, 5)])
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name
