"""How a command's parameters are asked for: annotations that a body and a form both read."""

from dataclasses import dataclass

from yizhan.kernel.errors import Text


@dataclass(frozen=True)
class Asked:
    """What a page calls a parameter, how many lines it gives it (more than one: a text area), and a word of help."""

    label: Text
    rows: int = 1
    help: Text = ""
