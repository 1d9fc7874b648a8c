"""What a command may raise on purpose, and how badly it went."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

Text = str | Promise
NO_RECORD = _("There is no such record.")
NOT_ALLOWED = _("You may not do this.")
NEEDED = _("This is needed.")


class DomainError(Exception):
    """A refusal that the caller is told about.

    `code` is stable and for programs, `message` is for people and translated, `status`
    is the HTTP status that DESIGN 7 gives to this kind of refusal.
    """

    status = 422
    code = "invalid"

    def __init__(self, message: Text, *, code: str = "", **context: Any) -> None:
        super().__init__(code or self.code)
        self.message = message
        self.code = code or self.code
        self.context: Mapping[str, Any] = context

    def __str__(self) -> str:
        return str(self.message)


class NotFound(DomainError):
    """The row does not exist, or is out of the actor's scope: the two look the same."""

    status, code = 404, "not_found"

    def __init__(self, message: Text = NO_RECORD, *, code: str = "", **context: Any) -> None:
        super().__init__(message, code=code, **context)


class Forbidden(DomainError):
    """The actor sees the record but may not do this with it."""

    status, code = 403, "forbidden"
    audited = False

    def __init__(self, message: Text = NOT_ALLOWED, *, code: str = "", **context: Any) -> None:
        super().__init__(message, code=code, **context)


class Invalid(DomainError):
    """The input itself is wrong. `fields` maps a field's name to its message."""

    status, code = 422, "invalid"

    def __init__(self, message: Text, *, code: str = "", fields: Mapping[str, Any] | None = None, **context: Any) -> None:
        super().__init__(message, code=code, **context)
        self.fields: dict[str, Any] = dict(fields or {})


def wrong_filter(name: str) -> Invalid:
    message = _("This value does not fit the filter.")
    return Invalid(message, code="bad_filter", fields={name: [message]})


class Conflict(DomainError):
    """The record is not in the condition that the command needs."""

    status, code = 409, "conflict"


class StaleVersion(Conflict):
    """Somebody else changed the record since the caller read it."""

    code = "stale_version"

    def __init__(self, current: int | str) -> None:
        super().__init__(
            _("Somebody changed this record in the meantime. Look at it again, then repeat."), current_version=current
        )


class TransitionNotAllowed(Conflict):
    """The action does not start from the record's present state."""

    code = "transition_not_allowed"

    def __init__(self, action: str, state: str) -> None:
        super().__init__(_("This is not possible in the present state."), action=action, state=state)


class NotEditable(Conflict):
    """The record's form changes it in other states only; what can be done with it now are its actions."""

    code = "not_editable"

    def __init__(self, state: str, words: str, what: Text) -> None:
        said = _("The {what} is in the state “{state}”: it cannot be edited now.")
        super().__init__(format_lazy(said, what=what, state=words), state=state)


class GuardFailed(DomainError):
    """State and permission fit, but something is still missing; `missing` lists it by stable names."""

    status, code = 422, "guard_failed"

    def __init__(self, message: Text, *, missing: list[str], code: str = "") -> None:
        super().__init__(message, code=code, missing=missing)
        self.missing = missing


class TemporaryFailure(Exception):
    """The other side may answer later: the job is tried again."""


NO_ROOM = _("Files cannot be kept just now; nothing was changed. Your administrator can see it.")


class NoRoom(TemporaryFailure):
    """A file cannot be kept: the disk is full, or takes nothing."""


class PermanentFailure(Exception):
    """Trying again cannot help: a person has to look."""
