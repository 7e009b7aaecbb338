"""The site of the documentation: `make docs` builds it from the pages of this folder, which read as they are, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

project = "embedarchive"
author = "the embedarchive contributors"
version = release = re.findall(r'^__version__ = "(.+)"', (ROOT / "src/embedarchive/core/version.py").read_text(), re.M)[
    0
]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
# The SQL of SQLite and the outlines of Python in these pages are not all known to the colourers.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"embedarchive {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False

MEASURED = re.compile(r"\]\((?:\.\./)?bench/results/[\w.-]+\.md(?:#[\w-]+)?\)")
BESIDE = re.compile(r"\]\([\w-]+\.md\)")
"""Links from one page of figures to another: on the site they are one."""
OF_DOCS = re.compile(r"\]\(docs/")
ELSEWHERE = re.compile(r"\[([^\]]+)\]\((?:\.\./)?(?:src|tests|bench|CONTRIBUTING\.md|README\.md)[^)]*\)")
"""Links to files that are no pages; a reader of the site has only their names."""


def make_changelog() -> str:
    return OF_DOCS.sub("](", (ROOT / "CHANGELOG.md").read_text("utf-8"))


def make_results() -> str:
    """Every page of figures one after the other, a level lower each."""
    files = sorted((ROOT / "bench" / "results").glob("*.md"))
    text = "\n\n".join(lower(path.read_text("utf-8")) for path in files)
    return "# What was measured\n\n" + BESIDE.sub("](results.md)", text)


def lower(text: str) -> str:
    """A page with each of its headings a level lower; what stands between fences stays."""
    parts = re.split(r"(^```.*?^```)", text, flags=re.M | re.S)
    return "".join(part if part.startswith("```") else re.sub(r"^#", "##", part, flags=re.M) for part in parts)


def add_pictures(text: str) -> str:
    """The page of pictures with those that it does not name yet, each by its file's name."""
    others = [path for path in sorted((ROOT / "docs" / "images").iterdir()) if path.name not in text]
    shown = [f"![{path.stem.replace('-', ' ')}](images/{path.name})" for path in others]
    return "\n\n".join([text, *(["## More"] if shown else []), *shown])


MADE = {"changelog": make_changelog, "results": make_results}
"""Pages whose text stands elsewhere in the repository."""


def lay_page(app: Any, name: str, source: list[str]) -> None:
    """A page as the site has it: what stands elsewhere put in, and links that lead out of the folder mended."""
    text = MADE[name]() if name in MADE else source[0]
    text = add_pictures(text) if name == "pictures" else text
    source[0] = ELSEWHERE.sub(r"\1", MEASURED.sub("](results.md)", text))


def setup(app: Any) -> None:
    app.connect("source-read", lay_page)
