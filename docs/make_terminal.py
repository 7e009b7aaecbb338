"""Record `make crawl` on a terminal of its own -> docs/images/crawl.svg, the picture in the README.

usage: python docs/make_terminal.py [COLUMNS]      (it runs the demo: half a minute)
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

IMAGE = Path(__file__).resolve().parent / "images" / "crawl.svg"
ROWS = 60

THEME = TerminalTheme(
    (22, 24, 29),
    (215, 218, 224),
    [
        (22, 24, 29),
        (224, 85, 97),
        (95, 178, 107),
        (201, 161, 74),
        (90, 143, 214),
        (198, 120, 221),
        (69, 176, 189),
        (215, 218, 224),
    ],
)

# rich's own format asks a server of others for its font.
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""

CONTROL = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|\r|\n")


def record(command: list[str], columns: int) -> str:
    """What a command writes to a terminal of so many columns, with all that moves the cursor."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        os.execvpe(command[0], command, environ | {"TERM": "xterm-256color", "EMBEDARCHIVE_NO_CONFIG": "1"})
    written = io.BytesIO()
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # Linux says so where macOS gives nothing
            break
        if not piece:
            break
        written.write(piece)
    os.waitpid(pid, 0)
    return written.getvalue().decode("utf-8", "replace")


def settle(written: str) -> list[str]:
    """The lines that stand in the end: of what moves only lines upward and to their beginning, and erasing, as rich does it."""
    lines, row, at = [""], 0, 0
    for match in CONTROL.finditer(written):
        lines[row] += written[at : match.start()]
        at = match.end()
        number, name = match[1], match[2]
        if match[0] == "\n":
            row += 1
            lines.extend([""] * (row + 1 - len(lines)))
        elif name == "A":
            row = max(0, row - int(number or 1))
        elif name == "K":
            lines[row] = ""
        elif name == "m":
            lines[row] += match[0]
    lines[row] += written[at:]
    return lines


def main() -> None:
    columns = int(sys.argv[1]) if len(sys.argv) > 1 else 104
    here = Path(tempfile.mkdtemp(prefix="embedarchive-"))
    os.chdir(here)  # so that the archive has the name that it has for a reader
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    lines = settle(record(["embedarchive", "demo"], columns))
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(Text("$ make crawl", style="bold"))
    for line in lines:
        console.print(Text.from_ansi(line.rstrip()), soft_wrap=True)
    svg = console.export_svg(title="embedarchive", theme=THEME, code_format=SVG, unique_id="crawl")
    IMAGE.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
    print(IMAGE)


if __name__ == "__main__":
    main()
