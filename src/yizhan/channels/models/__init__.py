from yizhan.channels.models.mail import InboundMessage, Mailbox, RawPayload
from yizhan.channels.models.oauth import MailGrant
from yizhan.channels.models.phone import Call, CallNews, PhoneLine

__all__ = ["Call", "CallNews", "InboundMessage", "MailGrant", "Mailbox", "PhoneLine", "RawPayload"]
