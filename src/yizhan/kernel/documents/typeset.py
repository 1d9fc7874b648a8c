"""The child process of `render_pdf`: template and fonts as arguments, data in, PDF out."""

import sys

import typst


def main() -> None:
    template, fonts = sys.argv[1:3]
    data = sys.stdin.buffer.read().decode()
    pdf = typst.compile(template, font_paths=[fonts], ignore_system_fonts=True, sys_inputs={"data": data})
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
