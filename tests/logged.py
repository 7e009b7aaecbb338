"""An archive made by hand -> the same with its log signed, as at the end of a run."""

from __future__ import annotations

from pathlib import Path

from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive
from embedarchive.store.checkpoints import make_checkpoint
from embedarchive.store.keyring import Keyring

SIGNED_AT = "2026-03-20T08:00:10.000Z"


def sign_log(path: Path, now: str = SIGNED_AT) -> None:
    """Sign a checkpoint of what is in the log, with a key beside the archive."""
    with Archive(path, platforms=PLATFORMS) as archive:
        assert make_checkpoint(archive, Keyring(path.parent / "keys"), now)
