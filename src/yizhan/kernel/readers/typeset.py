"""Typesetting itself, in the child of `render_pdf`: data in, PDF out."""


def typeset(content: bytes, *, template: str, fonts: str) -> bytes:
    import typst  # noqa: PLC0415 - heavy, and needed in the child only

    data = content.decode()
    pdf: bytes = typst.compile(template, font_paths=[fonts], ignore_system_fonts=True, sys_inputs={"data": data})
    return pdf
