from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

KEY = RegexValidator(r"^[a-z][a-z0-9_]{0,39}$", _("Lower-case letters, digits and underscores, a letter first."))


class CustomField(models.Model):
    """One entry that an installation asks for besides ours: of a whole kind of record, or of one category or class of it.

    It ends by `active=False`; values that it collected stay on their records and are found again with it.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        LONG_TEXT = "long_text", _("long text")
        INTEGER = "integer", _("whole number")
        DECIMAL = "decimal", _("decimal number")
        DATE = "date", _("date")
        BOOLEAN = "boolean", _("yes or no")
        CHOICE = "choice", _("choice")

    target = models.CharField(_("of"), max_length=40)
    group = models.CharField(_("only for (code)"), max_length=31, blank=True, help_text=_("A category's code; empty: always."))
    key = models.CharField(_("key"), max_length=40, validators=[KEY], help_text=_("Its name for programs."))
    label = models.CharField(_("label"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("choices"))
    required = models.BooleanField(_("required"), default=False)
    searchable = models.BooleanField(_("searchable"), default=False)
    public = models.BooleanField(_("shown to the customer"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["target", "key"], name="kernel_custom_field_once",
                violation_error_message=_("This kind of record has a field of that key."),
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="choice") | models.Q(choices__len__gt=0), name="kernel_custom_field_choices",
                violation_error_message=_("A choice needs something to choose from."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """Its name in forms and columns."""
        return f"custom_{self.pk}"


class CustomValues(models.JSONField):
    """A record's values of custom fields, keyed by definition id. JSON has no dates or decimals: they stand as text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = {"default": dict, "blank": True, "editable": False, "db_default": {}, **kwargs}
        super().__init__(*args, **given)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        for key in ("default", "blank", "editable", "db_default"):
            kwargs.pop(key, None)
        return name, "yizhan.kernel.models.CustomValues", args, kwargs
