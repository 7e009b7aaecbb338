"""A place for an export -> a file that appears there whole or not at all."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from embedarchive.core.errors import DiskFull, UsageError, is_full


def refuse_existing(out: Path, overwrite: bool) -> None:
    """Raise UsageError when something is at `out` already, or no folder is there to put it in."""
    if out.exists() and not overwrite:
        raise UsageError(f"{out} is there already and was left as it is. Name another file, or add --overwrite.")
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent}. Make it, or name another file.")


@contextmanager
def atomic_write(out: Path, overwrite: bool) -> Iterator[Path]:
    """Where to write what takes its place at `out` when all went well.

    Raises UsageError before anything is written, DiskFull; what was at `out` is then as it was.
    """
    refuse_existing(out, overwrite)
    draft = out.with_name(f".{out.name}.part")
    try:
        yield draft
        draft.replace(out)
    except OSError as error:
        if is_full(error) or error.errno == errno.EFBIG:
            raise DiskFull(f"There is no room for {out}. Nothing was written; the archive is untouched.") from error
        raise
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def drafting(out: Path, overwrite: bool) -> Iterator[TextIO]:
    """A text file to write, as `draft_of` has it; `-` is standard output."""
    if str(out) == "-":
        yield sys.stdout
        return
    with atomic_write(out, overwrite) as draft, draft.open("w", encoding="utf-8", errors="replace", newline="") as file:
        yield file  # and closed before the draft takes its place
