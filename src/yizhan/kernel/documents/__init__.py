"""Paper: Typst templates into A4 PDF with an embedded Chinese font, in a process of its own."""

from yizhan.kernel.documents.pdf import render_pdf
from yizhan.kernel.documents.qr import qr_svg

__all__ = ["qr_svg", "render_pdf"]
