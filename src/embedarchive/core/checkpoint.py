"""A tree's size and root <-> a signed note that says so, which anybody can check. Pure.

A note is that of https://c2sp.org/signed-note, its text that of https://c2sp.org/tlog-checkpoint: the log's origin, its size,
its root in base64, and as one line more the time at which we say that it was made. A signature is Ed25519's (RFC 8032) over
the text; the line that bears it names the key and begins with a dash. Lines of others (witnesses) are kept as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"
"""The kind of signature, as signed notes number them."""

DASH = "\N{EM DASH} "
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at a moment. `root` is 32 bytes; `made_at` ISO 8601, by the clock of who signed; '' where it says none."""

    origin: str
    size: int
    root: bytes
    made_at: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note: who is said to have signed, the first bytes of the key's hash, and the signature itself."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text and what is signed under it. `text` ends with a line break, and is exactly what the signatures are over."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(write_signature, self.signatures))


def write_checkpoint(checkpoint: Checkpoint) -> str:
    """A checkpoint as the text of a note."""
    lines = [checkpoint.origin, str(checkpoint.size), base64.b64encode(checkpoint.root).decode()]
    if checkpoint.made_at:
        lines.append(checkpoint.made_at)
    return "".join(line + "\n" for line in lines)


def read_checkpoint(text: str) -> Checkpoint:
    """The text of a note as a checkpoint. Raises ValueError for what is none, or is not written as checkpoints are."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0]:
        raise ValueError("this is no checkpoint: it has not an origin, a size and a root, a line each")
    origin, size, root = lines[:3]
    if not size.isascii() or not size.isdigit() or str(int(size)) != size:
        raise ValueError(f"this is no checkpoint: its size is {size!r}")
    found = Checkpoint(origin, int(size), read_base64(root), lines[3])
    if len(found.root) != HASH_BYTES:
        raise ValueError("this is no checkpoint: its root is not 32 bytes")
    return found


def write_signature(line: Signature) -> str:
    """A signature as the line under a note."""
    return f"{DASH}{line.name} {base64.b64encode(line.key_hash + line.signature).decode()}\n"


def read_note(text: str) -> SignedNote:
    """A signed note. Raises ValueError for what is none, or is written in another way than notes are."""
    body, found, signed = text.rpartition("\n\n")
    lines = signed.split("\n")
    if not found or not body or lines.pop() or not lines:
        raise ValueError("this is no signed note: there is no signature under an empty line")
    return SignedNote(body + "\n", tuple(map(read_signature, lines)))


def read_signature(line: str) -> Signature:
    """The line under a note as a signature. Raises ValueError."""
    name, found, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not found or not name or "+" in name:
        raise ValueError(f"this is no line of a signature: {line[:80]!r}")
    data = read_base64(encoded)
    if len(data) <= 4:
        raise ValueError(f"this is no line of a signature: {line[:80]!r}")
    return Signature(name, data[:4], data[4:])


def read_notes(text: str) -> Iterator[SignedNote]:
    """The notes of a file that has one after another, as `embeds.checkpoints` does. Raises ValueError."""
    body: list[str] = []
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        body.append(line)
        is_signed = line.startswith(DASH)
        if is_signed and (at + 1 == len(lines) or not lines[at + 1].startswith(DASH)):
            yield read_note("".join(body).lstrip("\n"))
            body = []
    if "".join(body).strip():
        raise ValueError("it ends in the middle of a note")


# ----------------------------------------------------------------------------------------------------------------- keys


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public half of a key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def hash_key(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature's line says which key it is of."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def write_verifier(name: str, public: bytes) -> str:
    """A public key in the one line in which tools for signed notes take it."""
    return f"{name}+{hash_key(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def sign_checkpoint(checkpoint: Checkpoint, keys: Iterable[Ed25519PrivateKey]) -> SignedNote:
    """A checkpoint signed by each of these keys, under the name of the log's origin."""
    text = write_checkpoint(checkpoint)
    lines = (
        Signature(checkpoint.origin, hash_key(checkpoint.origin, public_bytes(key)), key.sign(text.encode()))
        for key in keys
    )
    return SignedNote(text, tuple(lines))


def find_signers(note: SignedNote, name: str, publics: Sequence[bytes]) -> list[bytes]:
    """Which of these public keys, 32 bytes each, signed a note under that name."""
    by_hash = {hash_key(name, public): public for public in publics}
    return [
        by_hash[each.key_hash]
        for each in note.signatures
        if each.name == name and each.key_hash in by_hash and is_signed(note, each, by_hash[each.key_hash])
    ]


def is_signed(note: SignedNote, line: Signature, public: bytes) -> bool:
    """Whether a line under a note is that key's signature over its text."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(line.signature, note.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def read_base64(text: str) -> bytes:
    """Bytes from base64, written in the one way in which it is written. Raises ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"this is no base64: {text[:80]!r}") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError(f"this is base64 written in another way: {text[:80]!r}")
    return data
