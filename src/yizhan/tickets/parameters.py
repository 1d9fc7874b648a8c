"""What the commands on a ticket are told, by kind: how much of it there may be, and what a page calls it."""

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field, StrictInt, StringConstraints

from yizhan.kernel.lifecycle.asking import Asked, OneOf
from yizhan.tickets.models import VOID_CODES, KnowledgeDecision, LinkKind, Paused

# A code, a user name, a number: what names something else.
Name = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(max_length=20_000), Asked(_("Reason"), rows=2)]
Diagnosis = Annotated[str, StringConstraints(max_length=20_000), Asked(_("Diagnosis so far"), rows=3)]
Pressing = Annotated[str, StringConstraints(max_length=2000), Asked(_("What is pressing"), rows=2)]
Tool = Annotated[str, StringConstraints(max_length=60), Asked(_("Tool"))]
Session = Annotated[str, StringConstraints(max_length=80), Asked(_("Session number"))]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), Asked(_("Full name"))]
Phone = Annotated[str, StringConstraints(max_length=30), Asked(_("Phone"))]
Place = Annotated[str, StringConstraints(max_length=80), Asked(_("Place"))]
Agreement = Annotated[str, StringConstraints(max_length=200)]
Words = Annotated[str, StringConstraints(max_length=20_000)]
Note = Annotated[str, StringConstraints(max_length=2000)]
ArticleNumber = Annotated[str, StringConstraints(max_length=60)]
LevelNumber = Annotated[StrictInt, Field(ge=1, le=4)]
Score = Annotated[StrictInt, Field(ge=1, le=5)]
Tags = Annotated[list[Annotated[str, StringConstraints(max_length=20)]], Field(max_length=8)]
Shown = Annotated[
    str,
    StringConstraints(max_length=200),
    Field(description="scan, location, user_word or none; other words are kept as the reason and shown unverified."),
]
PauseReason = Annotated[str, OneOf(*Paused.values)]
VoidCode = Annotated[str, OneOf(*VOID_CODES)]
Knowledge = Annotated[str, OneOf(*KnowledgeDecision.values)]
Kinship = Annotated[str, OneOf(*LinkKind.values)]
