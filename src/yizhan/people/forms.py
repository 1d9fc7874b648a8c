"""Forms that ask a little more than their model says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yizhan.kernel import custom_fields
from yizhan.kernel.models import CustomField
from yizhan.kernel.notices.templates import switchable_notices
from yizhan.people.models import Customer


class LinesField(forms.CharField):
    """A list of words, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        found = list(dict.fromkeys(str(line).strip() for line in lines if str(line).strip()))
        if len(found) > 60 or any(len(line) > 60 for line in found):
            raise forms.ValidationError(_("At most 60 choices of 60 characters."))
        return found

    def validate(self, value: Any) -> None:
        """An empty list is for the model's own rule to judge."""


class CustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """The kinds of record are those that the apps registered; a group must be one that the kind knows."""

    target = forms.ChoiceField(label=_("Of"))
    group = forms.CharField(
        label=_("Only for (code)"), required=False, max_length=31, help_text=_("A category's code; empty: always.")
    )
    choices = LinesField(label=_("Choices, one a line"), required=False)

    class Meta:
        model = CustomField
        fields = ("target", "group", "key", "label", "kind", "choices", "required", "searchable", "public", "position", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"] = forms.ChoiceField(
            label=_("Of"), choices=[(target.model, target.label) for target in custom_fields.targets()]
        )
        if self.instance.pk is not None:
            for name in ("target", "kind"):
                self.fields[name].disabled = True

    def clean_group(self) -> str:
        code = str(self.cleaned_data["group"]).strip()
        target = next((t for t in custom_fields.targets() if t.model == self.cleaned_data.get("target")), None)
        known = {group for group, _label in target.groups()} if target and target.groups else set()
        if code and code not in known:
            raise forms.ValidationError(_("This kind of record has no group of that code."))
        return code


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]
    """With a switch per notice that requesters get."""

    muted = forms.MultipleChoiceField(label=_("Notices not sent"), required=False, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Customer
        fields = ("code", "name", "short_name", "zone", "language", "notify", "muted", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["muted"] = forms.MultipleChoiceField(
            label=_("Notices not sent"), required=False, widget=forms.CheckboxSelectMultiple,
            choices=[(notice.code, notice.label) for notice in switchable_notices()],
        )  # fmt: skip
