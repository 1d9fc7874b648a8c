"""Two people in one form: what nobody touched is merged, what both changed is shown twice, to choose per field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.db.models import Model
from django.http import QueryDict

SALT = "yizhan.stale"
MANY = forms.SelectMultiple | forms.CheckboxSelectMultiple


@dataclass(frozen=True)
class Clash:
    """One field that both changed: what it says now, and what was about to be saved."""

    name: str
    label: str
    theirs: str
    mine: str


def plain(value: Any) -> str:
    """A field's value as text that can be compared."""
    if value is None or value == "":
        return ""
    if isinstance(value, list | tuple | set) or hasattr(value, "values_list"):
        return ",".join(sorted(plain(item) for item in value))
    return str(value.pk if isinstance(value, Model) else value)


def given(form: forms.BaseForm, name: str, data: QueryDict) -> str:
    widget = form.fields[name].widget
    if isinstance(widget, forms.CheckboxInput):
        return str(name in data)
    if isinstance(widget, MANY):
        return ",".join(sorted(data.getlist(name)))
    return data.get(name, "").replace("\r\n", "\n").strip()


def values_now(form: forms.BaseForm) -> dict[str, str]:
    return {name: plain(form.get_initial_for_field(field, name)).strip() for name, field in form.fields.items()}


def seen_mark(form: forms.BaseForm) -> str:
    """What the page carries: the values that it showed, sealed against tampering."""
    return signing.dumps(values_now(form), salt=SALT, compress=True)


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


def settle(form: forms.BaseForm, data: QueryDict) -> tuple[QueryDict, list[Clash]]:
    """(the data with what others changed meanwhile, the fields where a person must choose).

    `form` shows the record as it is now; `data` carries `seen` (from `seen_mark`) and, on the
    second try, `keep-<field>` with `theirs` or `mine`.
    """
    merged = data.copy()
    before = read_mark(data.get("seen", ""))
    if before is None:
        return merged, []
    now, clashes = values_now(form), []
    for name, current in now.items():
        mine = given(form, name, data)
        if data.get(f"keep-{name}") == "theirs":
            put(form, merged, name, current)
        elif before.get(name) in {None, current} or mine == current:
            continue
        elif mine == before[name].strip():
            put(form, merged, name, current)
        else:
            clashes.append(Clash(name, str(form.fields[name].label or name), shown(form, name, current), shown(form, name, mine)))
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
