"""How a command's parameters are asked for: annotations that a body and a form both read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.db import models
from django.utils.translation import gettext_lazy as _
from pydantic import BeforeValidator, StringConstraints
from pydantic_core import CoreSchema, core_schema

from yizhan.kernel.errors import Text
from yizhan.kernel.fields import adapter_of

# A moment, as a field of a record reads it.
When = Annotated[datetime, BeforeValidator(adapter_of(models.DateTimeField()).fit)]


@dataclass(frozen=True)
class Asked:
    """What a page calls a parameter, how many lines it gives it (more than one: a text area), and a word of help."""

    label: Text
    rows: int = 1
    help: Text = ""


# A reason that has to be given.
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400), Asked(_("Reason"), rows=2)]


class OneOf:
    """A text parameter that is one of these: a program that sends another is told so before the command runs."""

    def __init__(self, *values: str) -> None:
        self.values = [str(value) for value in values]

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return core_schema.literal_schema(self.values)
