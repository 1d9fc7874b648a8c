"""Forms in the look of the theme."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.errors import NEEDED, DomainError, Text

OFFERED = _("Choose one of those offered.")
UNCHOSEN = _("not chosen")
DASHES = BLANK_CHOICE_DASH[0][1]


class DateTimeInput(forms.DateTimeInput):
    """The browser's own picker."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


def usual_words(field: forms.Field, code: str) -> object:
    """What the framework says of any such field, unless somebody gave this one words of its own."""
    kinds = (kind for kind in type(field).__mro__ if code in vars(kind).get("default_error_messages", {}))
    return next((vars(kind)["default_error_messages"][code] for kind in kinds), None)


def name_the_empty(field: forms.Field) -> None:
    """A choice that says nothing is said in a word, not in the framework's dashes."""
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == DASHES:
            field.empty_label = UNCHOSEN
    elif isinstance(field, forms.ChoiceField):
        listed = list(cast("Iterable[Any]", field.choices))
        if ("", DASHES) in listed:
            field.choices = [("", UNCHOSEN) if choice == ("", DASHES) else choice for choice in listed]


def dress_field(field: forms.Field) -> None:
    """Give a widget its class, and the field its words."""
    widget = field.widget
    name_the_empty(field)
    for code, words in (("required", NEEDED), ("invalid_choice", OFFERED)):
        if field.error_messages.get(code) == usual_words(field, code):
            field.error_messages[code] = words
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


@dataclass(frozen=True)
class Problem:
    """One entry that is missing or wrong: where it stands, what it is called, and what is wrong (empty: it is missing)."""

    anchor: str
    label: str
    words: str = ""

    @property
    def told(self) -> str:
        return self.words or str(NEEDED)


def anchor_of(field: forms.BoundField) -> str:
    """The element that a link to this field goes to; of several boxes, the first."""
    boxes = isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    return f"{field.auto_id}_0" if boxes else field.auto_id


def problems_of(form: forms.BaseForm) -> list[Problem]:
    """What is missing or wrong in a form, in the order of its fields."""
    found = []
    for field in form.visible_fields():
        words = "".join(str(text) for text in field.errors)
        if words:
            found.append(Problem(anchor_of(field), str(field.label), "" if words == str(NEEDED) else words))
    return found


def put_refusal(form: forms.BaseForm, error: DomainError, elsewhere: Collection[str] = ()) -> None:
    """A command's refusal at the entries that caused it; what is no entry of this form stands above them.

    `elsewhere` are entries of which the page tells in another place.
    """
    fields: Mapping[str, list[object]] = getattr(error, "fields", {})
    for name, texts in fields.items():
        if name in elsewhere:
            continue
        form.add_error(name if name in form.fields else None, [str(text) for text in texts])
    if not fields:
        form.add_error(None, str(error))


def problems_at(error: DomainError, places: Mapping[str, tuple[str, Text]]) -> list[Problem]:
    """The same for a page written by hand: each entry's place and name."""
    fields: Mapping[str, list[object]] = getattr(error, "fields", {})
    found = []
    for name, (anchor, label) in places.items():
        if name in fields:
            words = "".join(str(text) for text in fields[name])
            found.append(Problem(anchor, str(label), "" if words == str(NEEDED) else words))
    return found
