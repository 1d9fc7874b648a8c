"""What a page asks before an action: a form of the app's own, or one made from the body."""

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args

from django import forms
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from yizhan.kernel.forms import DressedForm, dress
from yizhan.kernel.lifecycle.asking import Asked
from yizhan.kernel.lifecycle.bodies import body_of
from yizhan.kernel.lifecycle.declaration import Transition

VERSION = "version"


class ActionForm(DressedForm):
    """One action's entries, about one record or, in the batch bar, about `others` too. `body()` gives them as the schema wants them."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, record: Any, others: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record, self.others = record, others
        self.fields[VERSION].initial = record.version
        self.set_up()
        dress(self)

    def set_up(self) -> None:
        """Fill choices that depend on the record."""

    def body(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


@cache
def form_of(transition: Transition) -> type[ActionForm] | None:
    """The action's form; None where nothing is asked, or where a page of its own asks."""
    if transition.page:
        return None
    if transition.form:
        named: type[ActionForm] = transition.above("forms", transition.form)
        return named
    fields = {name: entry(field) for name, field in body_of(transition).model_fields.items() if is_asked(name, field)}
    return type(f"{transition.action}_form", (ActionForm,), fields) if fields else None


def said_of(field: FieldInfo) -> list[Any]:
    """The annotations of a parameter, also within “or null”."""
    return [*field.metadata, *(mark for part in get_args(field.annotation) for mark in getattr(part, "__metadata__", ()))]


def is_asked(name: str, field: FieldInfo) -> bool:
    """What may be left out and has no words is for programs."""
    return name != VERSION and (field.is_required() or any(isinstance(mark, Asked) for mark in said_of(field)))


def entry(field: FieldInfo) -> forms.Field:
    """A text parameter as a page asks for it.

    Raises:
        TypeError: the parameter says not enough; the transition names a form then.
    """
    said = said_of(field)
    asked = next((mark for mark in said if isinstance(mark, Asked)), None)
    limits = next((mark for mark in said if isinstance(mark, StringConstraints)), None)
    if asked is None or limits is None:
        raise TypeError(f"{field!r}: name a form, or annotate the parameter with Asked and StringConstraints")
    widget = forms.Textarea(attrs={"rows": asked.rows}) if asked.rows > 1 else forms.TextInput()
    words: Any = {"label": asked.label, "help_text": asked.help}
    return forms.CharField(**words, required=field.is_required(), max_length=limits.max_length, widget=widget)
