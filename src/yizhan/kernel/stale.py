"""Two people in one form: what nobody touched is merged, what both changed is shown twice, to choose per field."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from yizhan.kernel.errors import Conflict

SALT = "yizhan.stale"
MANY = forms.SelectMultiple | forms.CheckboxSelectMultiple


@dataclass(frozen=True)
class Clash:
    """One field that both changed: what it says now, and what was about to be saved."""

    name: str
    label: str
    theirs: str
    mine: str


class StaleFields(Conflict):
    """Somebody else changed the same fields meanwhile: a person must choose."""

    code = "stale_version"

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(_("Somebody else changed the same fields meanwhile. Choose what shall stand."))
        self.clashes = clashes


def plain(field: forms.Field, value: Any) -> str:
    """A field's value as the text that its widget shows, and so sends back when nobody touched it."""
    widget, value = field.widget, field.prepare_value(value)
    if isinstance(widget, forms.CheckboxInput):
        return str(bool(value))
    if isinstance(widget, MANY):
        return ",".join(sorted(str(item) for item in value or []))
    shown = widget.format_value(value)
    if isinstance(shown, list | tuple):
        shown = shown[0] if shown else ""
    return str("" if shown is None else shown).replace("\r\n", "\n").strip()


def given(form: forms.BaseForm, name: str, data: Mapping[str, Any]) -> str:
    field = form.fields[name]
    return plain(field, field.widget.value_from_datadict(data, {}, form.add_prefix(name)))


def values_now(form: forms.BaseForm) -> dict[str, str]:
    return {name: plain(field, form.get_initial_for_field(field, name)) for name, field in form.fields.items()}


def seal(values: Mapping[str, str]) -> str:
    return signing.dumps(values, salt=SALT, compress=True)


def seen_mark(form: forms.BaseForm) -> str:
    """What the page carries: the values that it showed, sealed against tampering."""
    return seal(values_now(form))


def read_mark(text: str) -> Mapping[str, str] | None:
    try:
        found: dict[str, str] = signing.loads(text, salt=SALT)
    except (signing.BadSignature, json.JSONDecodeError):
        return None
    return found


def shown(form: forms.BaseForm, name: str, value: str) -> str:
    """A value in words: a choice by its label."""
    choices = getattr(form.fields[name], "choices", None)
    if choices is not None:
        wanted = set(value.split(","))
        texts = [str(label) for key, label in choices if str(key) in wanted and str(key)]
        return "、".join(texts)
    return value


def judge(
    form: forms.BaseForm, data: Mapping[str, Any], base: Mapping[str, str], names: Collection[str] | None = None
) -> tuple[set[str], list[Clash]]:
    """(the fields that the sender changed, those of them where a person must choose).

    `form` shows the record as it is now, `base` is what the sender saw (a field that it lacks counts as seen
    as it is now), `data` what he sent; on a second try `keep-<field>` says `theirs` or `mine`.
    """
    touched: set[str] = set()
    clashes: list[Clash] = []
    for name, current in values_now(form).items():
        if form.fields[name].disabled or (names is not None and name not in names):
            continue
        mine, before = given(form, name, data), base.get(name, current).strip()
        if mine in {current, before} or data.get(f"keep-{name}") == "theirs":
            continue
        if before == current:
            touched.add(name)
        else:
            clashes.append(Clash(name, str(form.fields[name].label or name), shown(form, name, current), shown(form, name, mine)))
    return touched, clashes


def settle(form: forms.BaseForm, data: QueryDict) -> tuple[QueryDict, list[Clash]]:
    """(the data with what others changed meanwhile put in, the fields where a person must choose)."""
    base = read_mark(data.get("seen", ""))
    merged = data.copy()
    if base is None:
        return merged, []
    touched, clashes = judge(form, data, base)
    mine = touched | {clash.name for clash in clashes}
    for name, current in values_now(form).items():
        if name not in mine:
            put(form, merged, name, current)
    return merged, clashes


def put(form: forms.BaseForm, data: QueryDict, name: str, value: str) -> None:
    widget = form.fields[name].widget
    if isinstance(widget, forms.CheckboxInput):
        data.pop(name, None)
        if value == "True":
            data[name] = "on"
    elif isinstance(widget, MANY):
        data.setlist(name, [part for part in value.split(",") if part])
    else:
        data[name] = value
