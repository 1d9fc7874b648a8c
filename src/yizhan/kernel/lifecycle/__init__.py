"""Records with a life: declared once, shown, spoken to and checked from that declaration."""

from yizhan.kernel.lifecycle.declaration import Life, Transition

__all__ = ["Life", "Transition"]
