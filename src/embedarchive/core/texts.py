"""Texts of others -> cut to fit, with a mark where something was left out. Pure."""

from __future__ import annotations


def cut_text(text: str, most: int) -> str:
    """A text of at most `most` letters, the mark among them; the same text where it fits."""
    if len(text) <= most:
        return text
    return text[: most - 1].rstrip() + "…"


def shorten(text: str, most: int = 140) -> str:
    """The first words of a text, on one line: at most `most` letters, and no word cut in two that is not very long."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    if " " in cut[most // 2 :]:
        cut = cut[: cut.rfind(" ")]
    return cut.rstrip(" ,.;:") + "…"
