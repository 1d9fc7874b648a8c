"""The generic webhook of call-centre software: a signed JSON message per stage of a call.

`X-Yizhan-Timestamp`: seconds since 1970, within five minutes of ours.
`X-Yizhan-Signature`: `sha256=` and the hex HMAC-SHA256 of `<timestamp>.<raw body>` with the line's secret.
Body: `{"id", "event": "ringing"|"answered"|"ended"|"missed", "from", "to", "agent", "at", "direction", "recording"}`.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from yizhan.kernel import clock
from yizhan.kernel.errors import Forbidden, Invalid
from yizhan.kernel.texts import cleaned

WINDOW = timedelta(minutes=5)
OLDEST = timedelta(days=366)  # a switchboard that was cut off tells late, but not by years
LARGEST = 16_384
EVENTS = ("ringing", "answered", "ended", "missed")


@dataclass(frozen=True)
class Stage:
    """One message, understood."""

    id: str
    event: str
    number: str
    called: str
    agent: str
    at: datetime
    outgoing: bool
    recording: str


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify(secret: str, timestamp: str, given: str, body: bytes) -> None:
    """Signature and time window, before anything is parsed.

    Raises:
        Forbidden: either does not fit; which one is not told.
    """
    fits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
    near = fits and abs(clock.now().timestamp() - int(timestamp)) <= WINDOW.total_seconds()
    same = hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode())
    if not (near and same):
        raise Forbidden(code="bad_signature")


def digits(value: object) -> str:
    """A telephone number without blanks, hyphens and our country's prefix."""
    text = re.sub(r"[^\d+*#]", "", str(value or ""))[:30]
    return re.sub(r"^(?:\+86|0086)", "", text)


def read_time(given: object) -> datetime:
    """When it happened; a clock that is ahead of ours tells now.

    Raises:
        Invalid: no time, or one that no call of this year can have.
    """
    now = clock.now()
    if not given:
        return now
    text = str(given)[:40]
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=clock.DEFAULT_ZONE) if at.tzinfo is None else at.astimezone(UTC)
        sane = now - at <= OLDEST
    except OverflowError:
        sane = False
    except ValueError as error:
        raise Invalid("at is no ISO 8601 time", code="invalid", fields={"at": [text]}) from error
    if not sane:
        raise Invalid("at is out of range: more than a year ago, or no date", code="time_out_of_range", fields={"at": [text]})
    return min(at, now)


def said(given: dict[str, Any], name: str, most: int) -> str:
    return cleaned(str(given.get(name) or ""))[:most]


def read(body: bytes) -> Stage:
    """The message's meaning.

    Raises:
        Invalid: no JSON, or a field is missing or wrong.
    """
    try:
        given = json.loads(body.decode("utf-8"))
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("malformed JSON", code="malformed_json") from error
    if not isinstance(given, dict) or not said(given, "id", 100).strip() or given.get("event") not in EVENTS:
        raise Invalid("id and event are needed", code="invalid", fields={"event": list(EVENTS)})
    at = read_time(given.get("at"))
    recording = said(given, "recording", 500)
    outgoing = given.get("direction") == "out"
    other, own = ("to", "from") if outgoing else ("from", "to")
    return Stage(
        said(given, "id", 100), given["event"], digits(given.get(other)), digits(given.get(own)),
        said(given, "agent", 150), at, outgoing, recording if recording.startswith("https://") else "",
    )  # fmt: skip
