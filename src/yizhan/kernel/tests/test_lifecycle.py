"""What follows from a declaration, and what Django's checks say of one that is not whole."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from django import forms
from django.core.checks import run_checks
from django.db import models
from pydantic import StringConstraints

from yizhan.kernel.actor import Actor, Permission
from yizhan.kernel.errors import Invalid
from yizhan.kernel.lifecycle import Life, Transition, declaration
from yizhan.kernel.lifecycle.asking import Asked
from yizhan.kernel.lifecycle.bodies import body_of, checked_body, perform
from yizhan.kernel.lifecycle.checks import faults
from yizhan.kernel.lifecycle.forms import form_of
from yizhan.kernel.policy import Policy

Why = Annotated[str, StringConstraints(max_length=40), Asked("Why", rows=2, help="In a few words.")]


class MayLend(Permission):
    LEND = "lend"


class Book(models.Model):
    version = models.IntegerField(default=3)
    state = models.TextField(default="in")
    place = models.TextField(default="")

    class Meta:
        managed = False
        app_label = "library"

    def __str__(self) -> str:
        return self.place


class Everybody(Policy[Book]):
    model = Book

    def allows(self, actor: Actor, permission: Permission, record: Book | None = None) -> bool:
        return actor.label == "desk"


class Nothing(forms.Form):
    """Asks nothing."""


class Strange(forms.Form):
    colour = forms.CharField()


def lend(
    *, actor: str, number: str, to: Why, note: Why = "", quick: bool = False, days: int | None = None, version: int | None = None
) -> dict[str, Any]:
    return {"actor": actor, "number": number, "to": to, "note": note, "quick": quick, "version": version}


def burn(*, actor: str, number: str, reason: str, version: int | None = None) -> None:
    """Its reason says not how it is asked for."""


def mend(*, actor: str, number: str, version: int | None = None) -> str:
    return number


def declared(command: str, **more: Any) -> Transition:
    """A life of one transition, called `lend`."""

    class BookLife(Life[Book]):
        app, policy, view, sub_state = "yizhan.library", Everybody(), MayLend.LEND, "place"
        lend = Transition("Lend", command, permission=MayLend.LEND, sources=["in"], icon="book", **more)

    return BookLife.lend


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An app whose rooms are this file; lives made here are forgotten."""
    known = list(declaration.LIVES)
    for room in ("services.shelves", "forms"):
        monkeypatch.setitem(sys.modules, f"yizhan.library.{room}", sys.modules[__name__])
    yield
    declaration.LIVES[:] = known
    declaration.named.cache_clear()


def test_the_body_and_its_form_follow_from_the_commands_parameters() -> None:
    transition = declared("shelves.lend", example={"to": "张倩"})
    body, form = body_of(transition), form_of(transition)
    assert body.__name__ == "Lend"
    shape = body.model_json_schema()
    assert shape["required"] == ["to"]
    assert shape["example"] == {"to": "张倩"}
    assert set(shape["properties"]) == {"to", "note", "quick", "days", "version"}
    assert form is not None
    assert list(form(record=Book()).fields) == ["version", "to", "note"]
    assert (form.base_fields["to"].required, form.base_fields["note"].required) == (True, False)
    assert form.base_fields["to"].help_text == "In a few words."
    with pytest.raises(Invalid) as refused:
        checked_body(transition, {"to": "x" * 41})
    assert set(refused.value.fields) == {"to"}
    with pytest.raises(Invalid):
        checked_body(transition, {"to": "x", "quick": "yes"})
    with pytest.raises(Invalid):
        checked_body(transition, {"to": "x", "days": "3"})


def test_what_is_null_was_not_said() -> None:
    transition = declared("shelves.lend")
    given = checked_body(transition, {"to": "张倩", "note": None, "version": 3})
    done = perform(transition, "desk", "B1", given)  # type: ignore[arg-type]
    assert done == {"actor": "desk", "number": "B1", "to": "张倩", "note": "", "quick": False, "version": 3}


def test_an_action_that_asks_nothing_has_no_form() -> None:
    assert form_of(declared("shelves.mend")) is None
    assert not list(faults(declared("shelves.mend")))


def test_it_starts_where_the_table_says() -> None:
    transition = declared("shelves.mend", sub_states=["shelf"], when=lambda book: book.version == 3)
    book = Book()
    assert not transition.life.fits(transition, book)
    book.place = "shelf"
    assert transition.life.actions_for(Actor("desk"), book) == [transition]
    assert not transition.life.actions_for(Actor("guest"), book)
    book.version = 4
    assert not transition.life.fits(transition, book)


@pytest.mark.parametrize(
    ("command", "more", "words"),
    [
        ("shelves.burn", {}, "annotate the parameter"),
        ("shelves.mend", {"example": {"to": "x"}}, "example does not fit"),
        ("shelves.mend", {"form": "Nothing"}, "asks nothing"),
        ("shelves.lend", {"example": {"to": "x"}, "form": "Strange"}, "does not know: colour"),
        ("shelves.lend", {"example": {"to": "x"}, "page": "no-such-page"}, "no page"),
    ],
)
def test_what_is_not_whole_is_told(command: str, more: dict[str, Any], words: str) -> None:
    told = list(faults(declared(command, **more)))
    assert len(told) == 1
    assert words in told[0]


def test_a_transition_that_hides_what_the_life_is_asked_or_would_be_lost_is_refused() -> None:
    line: dict[str, Any] = {"permission": MayLend.LEND, "sources": ["in"], "icon": "book"}
    with pytest.raises(TypeError, match="state"):
        type("BadLife", (Life,), {"state": Transition("State", "shelves.mend", **line)})
    with pytest.raises(TypeError, match="BookLife"):
        type("ChildLife", (declared("shelves.mend").life,), {})


@pytest.mark.parametrize("command", ["cellar.lend", "shelves.lose"])
def test_a_name_that_leads_nowhere_is_told(command: str) -> None:
    declared(command)
    assert any("BookLife.lend" in str(message) for message in run_checks())


def test_the_program_as_it_ships_is_whole() -> None:
    assert not [message for message in run_checks() if message.id == "lifecycle.E001"]
    assert sum(len(life.transitions) for life in declaration.LIVES) >= 32
