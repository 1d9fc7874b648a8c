"""Who may listen to live news: a pass that a page carries to the stream, good for as long as its session."""

import json
import re
from typing import NamedTuple

from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpRequest

from yizhan.kernel.errors import PermanentFailure
from yizhan.kernel.sealing import seal, unseal
from yizhan.kernel.web import actor_of

NUMBER = re.compile(r"[A-Za-z0-9-]{1,20}")


class Pass(NamedTuple):
    """Whose page it is, in which session, and that session's proof of the password. Sealed: an address is no secret place."""

    user_id: int
    session: str
    proof: str


def stream_pass(request: HttpRequest) -> str:
    """The pass of the page that answers this request; empty for who is not signed in."""
    user_id, session = actor_of(request).user_id, request.session.session_key
    if user_id is None or not session:
        return ""
    return seal(json.dumps([user_id, session, request.session.get(HASH_SESSION_KEY, "")]))


def read_pass(text: str) -> Pass | None:
    """The pass, if it is one of ours. Whether its session still lives is asked at every news."""
    try:
        user_id, session, proof = json.loads(unseal(text))
        return Pass(int(user_id), str(session), str(proof))
    except (PermanentFailure, TypeError, ValueError):
        return None


def read_number(text: str) -> str:
    """The number of a ticket that somebody looks at; empty for what cannot be one."""
    return text if NUMBER.fullmatch(text) else ""
