"""An action as a control of a page."""

from dataclasses import dataclass

from django.urls import reverse

from yizhan.kernel.errors import Text
from yizhan.kernel.lifecycle.declaration import Transition
from yizhan.kernel.lifecycle.forms import form_of


@dataclass(frozen=True)
class Button:
    """`page` is the address that asks for it on a page of its own, `form` whether it asks in place; else it is sent to `address`."""

    action: str
    label: str
    icon: str
    key: str
    page: str
    form: bool
    address: str


def button(transition: Transition, number: object, address: str, label: Text = "") -> Button:
    """The control of an action on the record of this number; `address` takes its form."""
    page = reverse(transition.page, args=[number]) if transition.page else ""
    words = str(label or transition.label)
    return Button(transition.action, words, transition.icon, transition.key, page, form_of(transition) is not None, address)
