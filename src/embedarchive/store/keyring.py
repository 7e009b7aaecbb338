"""The user's state folder -> the keys that sign checkpoints. They are never in an archive, and never leave the folder.

One file is the key that signs now; those it replaced stay beside it, so that each can sign that the next one took its place.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from embedarchive.core.checkpoint import public_bytes
from embedarchive.core.errors import SigningError

CURRENT = "signing-key.pem"
OWNER_ONLY = 0o600


class Keyring:
    """The keys of one user. Raises SigningError where the folder or a key cannot be read or written."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or platformdirs.user_state_path("embedarchive") / "keys"

    @property
    def path(self) -> Path:
        """The file of the key that signs now."""
        return self.folder / CURRENT

    def current(self) -> Ed25519PrivateKey:
        """The key that signs now; made where there is none yet. Raises SigningError."""
        if not is_there(self.path):
            self._put(Ed25519PrivateKey.generate())
        return read_key(self.path)

    def find(self, public: bytes) -> Ed25519PrivateKey | None:
        """The key with that public half, 32 bytes; None where this user has none. Raises SigningError."""
        files = [self.path, self._retired(public)]
        keys = [read_key(each) for each in files if is_there(each)]
        return next((key for key in keys if public_bytes(key) == public), None)

    def rotate(self) -> Ed25519PrivateKey:
        """Make another key the one that signs, and give it. Raises SigningError."""
        self.current()
        return self._put(Ed25519PrivateKey.generate())

    def bring(self, path: Path) -> Ed25519PrivateKey:
        """Make the key in a file (PEM) the one that signs, and give it. Raises SigningError."""
        return self._put(read_key(path))

    def _retired(self, public: bytes) -> Path:
        return self.folder / f"retired-{public.hex()[:16]}.pem"

    def _put(self, key: Ed25519PrivateKey) -> Ed25519PrivateKey:
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            draft = self.folder / (CURRENT + ".new")
            draft.unlink(missing_ok=True)
            with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "wb") as file:
                file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                file.flush()
                os.fsync(file.fileno())
            if self.path.exists():
                self.path.rename(self._retired(public_bytes(read_key(self.path))))
            draft.rename(self.path)
        except OSError as error:
            raise SigningError(f"The signing key cannot be kept at {self.path} ({error.strerror}).") from error
        return key


def is_there(path: Path) -> bool:
    """Whether there is such a file. Raises SigningError where nobody may look."""
    try:
        return path.exists()
    except OSError as error:
        raise SigningError(f"The signing key at {path} cannot be read ({error.strerror}).") from error


def read_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key from a file (PEM, without a password). Raises SigningError."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise SigningError(f"The signing key at {path} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SigningError(f"{path} is no private key in PEM without a password.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(f"{path} is a private key, but not of the kind that checkpoints are signed with (Ed25519).")
    return key
