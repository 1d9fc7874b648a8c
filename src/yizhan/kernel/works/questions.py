"""How a draft asks its owner, and what takes the answer: each kind of work tells."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from yizhan.kernel.actor import Actor
from yizhan.kernel.models import Work

Ask = Callable[[Work, Actor], dict[str, Any]]
Answer = Callable[[Work, HttpRequest], None]
_questions: dict[str, tuple[str, Ask, Answer]] = {}


def question(kind_name: str, template: str, ask: Ask, answer: Answer) -> None:
    """Register how a draft of this kind asks its owner, and what takes the answer."""
    _questions[kind_name] = (template, ask, answer)


def question_of(kind_name: str) -> tuple[str, Ask | None, Answer | None]:
    return _questions.get(kind_name, ("", None, None))
