"""Who may listen to live news: a short-lived, signed pass that a page carries to the stream."""

from django.core import signing

from yizhan.kernel.actor import Actor

SALT = "yizhan.stream"
MAX_AGE = 60 * 60 * 12


def stream_pass(actor: Actor) -> str:
    return signing.dumps(actor.user_id, salt=SALT) if actor.user_id else ""


def user_of_pass(text: str) -> int | None:
    """The user id of a valid pass, else None."""
    try:
        return int(signing.loads(text, salt=SALT, max_age=MAX_AGE))
    except (signing.BadSignature, TypeError, ValueError):
        return None
