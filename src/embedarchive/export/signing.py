"""The hash of a package's list of parts -> its signature, in the one anonymous form that web-archive players check.

ECDSA on P-384 with SHA-256 over the text `sha256:…`; the signature is r and s, 48 bytes each, in base64, beside the public key
(https://specs.webrecorder.net/wacz-auth/latest/, "anonymous signature"). It says that two packages come from the same hands and
that none of their parts was changed; it says nothing of whose hands, or when.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import platformdirs
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from embedarchive.core.errors import UsageError
from embedarchive.core.version import __version__

HALF = 48
"""Bytes of each of the two numbers of a signature on P-384."""


def sign_digest(digest: str, created: str, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """What `signedData` of `datapackage-digest.json` is for a digest `sha256:…`; the same every time (RFC 6979). Pure."""
    der = key.sign(digest.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    raw = b"".join(number.to_bytes(HALF, "big") for number in decode_dss_signature(der))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "hash": digest,
        "created": created,
        "software": f"embedarchive {__version__}",
        "signature": b64encode(raw).decode(),
        "publicKey": b64encode(public).decode(),
    }


def find_signer(path: Path | None = None) -> Callable[[str, str], dict[str, str]]:
    """What signs packages with the key of this user. Raises UsageError, as `load_package_key` does."""
    key = load_package_key(path)
    return lambda digest, created: sign_digest(digest, created, key)


def package_key_path() -> Path:
    """Where the key of this user is kept, never in an archive."""
    return platformdirs.user_state_path("embedarchive", ensure_exists=True) / "package-key.pem"


def load_package_key(path: Path | None = None) -> ec.EllipticCurvePrivateKey:
    """The key that packages are signed with; made, and kept for its user alone, when there is none.

    Raises UsageError for a file that holds none.
    """
    path = path or package_key_path()
    if not path.exists():
        make_package_key(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        key = None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return key
    raise UsageError(f"{path} holds no private key on P-384 without a password. Move it away, and one is made.")


def make_package_key(path: Path) -> None:
    """Make a key at `path`; where another process does so at the same moment, the first stays."""
    pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
