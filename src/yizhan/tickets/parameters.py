"""What the commands on a ticket are told, by kind: how much of it there may be, and what a page calls it."""

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import StringConstraints

from yizhan.kernel.lifecycle.asking import Asked

# A code, a user name, a number: what names something else.
Name = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(max_length=20_000), Asked(_("Reason"), rows=2)]
Diagnosis = Annotated[str, StringConstraints(max_length=20_000), Asked(_("Diagnosis so far"), rows=3)]
Pressing = Annotated[str, StringConstraints(max_length=2000), Asked(_("What is pressing"), rows=2)]
Tool = Annotated[str, StringConstraints(max_length=200), Asked(_("Tool"))]
Session = Annotated[str, StringConstraints(max_length=200), Asked(_("Session number"))]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), Asked(_("Full name"))]
Phone = Annotated[str, StringConstraints(max_length=30), Asked(_("Phone"))]
Place = Annotated[str, StringConstraints(max_length=80), Asked(_("Place"))]
