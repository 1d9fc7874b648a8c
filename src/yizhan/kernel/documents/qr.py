"""QR codes as SVG: sharp on paper, small on screen, no picture library."""

import io


def qr_svg(text: str, *, scale: int = 4) -> str:
    import segno  # noqa: PLC0415 - only where a code is drawn

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=scale, border=4, xmldecl=False, svgclass="yz-qr", lineclass=None)
    return out.getvalue().decode()
