"""QR codes as SVG: sharp on paper, small on screen, no picture library."""

import io


def qr_svg(text: str) -> str:
    """The code without a size of its own: it fills the place that the page or the paper gives it."""
    import segno  # noqa: PLC0415 - only where a code is drawn

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", omitsize=True, border=4, xmldecl=False, svgclass="yz-qr", lineclass=None)
    return out.getvalue().decode()
