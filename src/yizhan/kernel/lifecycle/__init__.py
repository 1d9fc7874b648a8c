"""Records with a life: declared once, shown, spoken to and checked from that declaration."""

from yizhan.kernel.lifecycle.declaration import Life, Transition
from yizhan.kernel.lifecycle.steps import Step

__all__ = ["Life", "Step", "Transition"]
