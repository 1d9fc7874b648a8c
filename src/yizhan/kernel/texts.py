"""What the database keeps as text, and what of a foreign text it can keep."""


def unreadable(text: str) -> bool:
    """What no text of ours can hold: a NUL, or half a character."""
    return "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text)


def cleaned(text: str) -> str:
    """Text that PostgreSQL takes: no NUL, no lone surrogate, no other control but tab and line end."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\n\t" or ord(c) >= 32)
