"""Forms in the look of the theme."""

from __future__ import annotations

from django import forms


class DateTimeInput(forms.DateTimeInput):
    """The browser's own picker."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


def dress_field(field: forms.Field) -> None:
    """Give a widget its class."""
    widget = field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple | forms.HiddenInput):
        return
    select = isinstance(widget, forms.Select) and not isinstance(widget, forms.SelectMultiple)
    widget.attrs.setdefault("class", "form-select" if select else "form-control")


def dress(form: forms.BaseForm) -> None:
    """Give every widget of a form its class."""
    for field in form.fields.values():
        dress_field(field)


class DressedForm(forms.Form):
    """A plain form in the look of the theme; dates come from the browser's picker."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        dress(self)
