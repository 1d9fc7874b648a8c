"""The words of notices: shipped in both languages, edited as rows, named variables only."""

from collections.abc import Mapping
from dataclasses import dataclass

from yizhan.kernel.errors import Text
from yizhan.kernel.models import NoticeTemplate


@dataclass(frozen=True)
class Shipped:
    """One notice as shipped. `words` maps a language to (subject, body); `variables` are all it may name.

    `label` names it where a customer may switch it off.
    """

    code: str
    variables: tuple[str, ...]
    words: Mapping[str, tuple[str, str]]
    label: Text = ""


_shipped: dict[str, Shipped] = {}


def ship(*notices: Shipped) -> None:
    for notice in notices:
        _shipped[notice.code] = notice


def switchable_notices() -> list[Shipped]:
    """Those with a label: a customer may do without them."""
    return [notice for notice in _shipped.values() if notice.label]


def seed_templates() -> None:
    """Make the editable rows of what is shipped; edited ones stay as they are."""
    rows = [
        NoticeTemplate(code=notice.code, language=language, subject=subject, body=body)
        for notice in _shipped.values()
        for language, (subject, body) in notice.words.items()
    ]
    NoticeTemplate.objects.bulk_create(rows, ignore_conflicts=True)


def fill(text: str, names: tuple[str, ...], variables: Mapping[str, object]) -> str:
    for name in names:
        text = text.replace("{" + name + "}", str(variables.get(name, "")))
    return text


def render(code: str, language: str, variables: Mapping[str, object]) -> tuple[str, str] | None:
    """(subject, body), or None when the notice is switched off."""
    shipped = _shipped[code]
    row = NoticeTemplate.objects.filter(code=code, language=language).first()
    if row is not None and not row.active:
        return None
    subject, body = (row.subject, row.body) if row else shipped.words.get(language, shipped.words["zh-hans"])
    one_line = fill(subject, shipped.variables, variables).replace("\n", " ").replace("\r", " ")
    return one_line[:300], fill(body, shipped.variables, variables)
