"""A ringing telephone, on the pages of who may answer."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from yizhan.channels.models import Call
from yizhan.channels.policies import ChannelPermission, calls
from yizhan.kernel.actor import Actor
from yizhan.kernel.live import LiveEvent, LiveSource, register_source


class CallNews(LiveSource):
    """For the agent whom it rings for, or (without one) for everybody who sees the call."""

    object_type = "channels.call"

    def records(self, ids: Collection[int]) -> Mapping[int, Call]:
        return Call.objects.only("customer").in_bulk(ids)

    def told(self, actor: Actor, event: LiveEvent, record: Call) -> dict[str, Any] | None:
        if event.type != "CallRinging" or not calls.allows(actor, ChannelPermission.VIEW, record):
            return None
        agent = json.loads(event.payload).get("agent")
        return {"type": event.type, "number": "", "call": record.pk} if agent in {None, actor.user_id} else None


register_source(CallNews())
