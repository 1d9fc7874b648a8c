"""Telling our own people: a line in the bell at once, and, as each prefers, a mail outside his quiet hours."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from yizhan.kernel import audit, clock, events
from yizhan.kernel.actor import Actor
from yizhan.kernel.commands import command
from yizhan.kernel.errors import NotFound, Text
from yizhan.kernel.live import LiveEvent, LiveSource, register_source
from yizhan.kernel.models import News, NoticePreference
from yizhan.kernel.notices.outbox import queue
from yizhan.kernel.notices.templates import Shipped, ship


@dataclass(frozen=True)
class NewsKind:
    """One kind of news: `label` for the preferences, `words` with named variables; `mail` names its mail template."""

    code: str
    label: Text
    words: str
    mailed: bool = False


@dataclass(frozen=True)
class NewsPosted(events.Event):
    INTERNAL = True
    owner: int


class BellNews(LiveSource):
    """A line in the bell, on its owner's pages only."""

    object_type = "kernel.news"

    def records(self, ids: Collection[int]) -> Mapping[int, News]:
        return News.objects.only("owner").in_bulk(ids)

    def told(self, actor: Actor, event: LiveEvent, record: News) -> dict[str, Any] | None:
        return {"type": event.type, "number": ""} if record.owner_id == actor.user_id else None


register_source(BellNews())
_kinds: dict[str, NewsKind] = {}


def register_news(*kinds: NewsKind) -> None:
    for kind in kinds:
        _kinds[kind.code] = kind


def news_kinds() -> list[NewsKind]:
    return list(_kinds.values())


def preference_of(owner: int) -> NoticePreference:
    """What this person chose, or (unsaved) what holds for who has not chosen."""
    usual = [kind.code for kind in news_kinds() if kind.mailed]
    return NoticePreference.objects.filter(owner=owner).first() or NoticePreference(owner_id=owner, by_mail=usual)


@command
def keep_preference(*, actor: Actor, by_mail: Sequence[str], quiet_from: time | None, quiet_until: time | None) -> None:
    """Which news also by mail, and between which times of the day not."""
    row = preference_of(actor.person)
    before = audit.snapshot(row) if row.pk else {}
    row.by_mail, row.quiet_from, row.quiet_until = list(by_mail), quiet_from, quiet_until
    row.save()
    audit.record(actor, "keep_preference", row, before, audit.snapshot(row))


@command
def open_news(*, actor: Actor, line: int) -> str:
    """One's own line is seen; where it leads."""
    row = News.objects.filter(owner=actor.person, pk=line).first()
    if row is None:
        raise NotFound
    News.objects.filter(pk=row.pk, seen_at=None).update(seen_at=clock.now())
    return row.url


@command
def mark_seen(*, actor: Actor, newest: int) -> None:
    """All one's own lines up to this one are seen: none that came after the page was shown."""
    News.objects.filter(owner=actor.person, seen_at=None, pk__lte=newest).update(seen_at=clock.now())


def after_quiet_hours(preference: NoticePreference, moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into (they may span midnight)."""
    if preference.quiet_from is None or preference.quiet_until is None:
        return moment
    start, end = preference.quiet_from, preference.quiet_until
    local = timezone.localtime(moment, clock.DEFAULT_ZONE)
    inside = start <= local.time() < end if start < end else local.time() >= start or local.time() < end
    if not inside:
        return moment
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=clock.DEFAULT_ZONE)


def tell_people(
    actor: Actor, people: Iterable[Any], code: str, *, url: str, variables: Mapping[str, object], about: models.Model
) -> None:
    """Tell each of these users once; whoever did it himself needs no news of it."""
    kind, told = _kinds[code], set[int]()
    for person in people:
        if person is None or person.pk in told or person.pk == actor.user_id or not person.is_active:
            continue
        told.add(person.pk)
        with override(person.language):
            text = (_(kind.words) % variables)[:300]
        row = News.objects.create(owner=person, code=code, text=text, url=url, at=clock.now())
        events.emit(actor, row, None, NewsPosted(person.pk))
        preference = preference_of(person.pk)
        if code in preference.by_mail and person.email:
            queue(
                "news", address=person.email, language=person.language,
                variables={"text": text, "url": f"{settings.YIZHAN.base_url}{url}"}, about=about,
                due_at=after_quiet_hours(preference, clock.now()),
            )  # fmt: skip


ship(
    Shipped(
        "news", ("text", "url"),
        {
            "zh-hans": ("{text}", "{text}\n\n{url}\n\n（不想收到这类邮件，可在“通知设置”里关掉。）\n"),
            "en": ("{text}", "{text}\n\n{url}\n\n(Switch such mails off under “Notices”.)\n"),
        },
    )
)  # fmt: skip
