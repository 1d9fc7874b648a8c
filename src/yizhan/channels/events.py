"""What happens on the telephone."""

from dataclasses import dataclass

from yizhan.kernel.events import Event


@dataclass(frozen=True)
class CallRinging(Event):
    """A call comes in; `agent` is whose telephone rings, when the software knows."""

    INTERNAL = True
    agent: int | None
