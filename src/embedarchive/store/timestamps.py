"""Bytes -> a request to a time stamping authority; its answer -> when they existed, judged offline (RFC 3161).

`rfc3161-client` reads an answer; what it cannot read (a set of certificates in another order than DER's, as OpenSSL's own
authority writes it) is judged by `openssl ts`. Either way a certificate needs to be valid at the time in the answer, not now:
an authority's certificate runs out, and what it stamped stays stamped.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from embedarchive.core.dates import to_iso
from embedarchive.core.errors import UsageError

REQUEST_TYPE = "application/timestamp-query"
LONGEST_S = 30.0
"""For openssl, which does nothing but compute."""

StampCode = Literal["stamped", "refused", "other_data", "untrusted", "not_valid_then", "unreadable"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What an answer is worth. `stamped_at` is the time in it, ISO 8601; `root` the certificates it was judged by, PEM."""

    code: StampCode
    says: str = ""
    stamped_at: str | None = None
    root: str | None = None


def make_stamp_request(data: bytes) -> bytes:
    """What an authority is asked: the SHA-256 of these bytes, a nonce, its certificates."""
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    return bytes(builder.build().as_bytes())


def judge_stamp(answer: bytes, data: bytes, roots: Sequence[x509.Certificate]) -> Judged:
    """What an authority's answer proves of these bytes, by the certificates that are trusted. Sends nothing."""
    try:
        return judge_by_client(answer, data, roots)
    except ValueError:
        return judge_by_openssl(answer, data, roots)


OPENSSL_MOST = 50
"""Of stamps that only `openssl` can read so many are judged again, the newest; that older ones are the same the log says."""


class KeptStamps:
    """Judges stamps that are kept, by these certificates; with None each by those that it was judged by when it came."""

    def __init__(self, roots: Sequence[x509.Certificate] | None) -> None:
        self.roots, self.left = roots, OPENSSL_MOST

    def judge(self, token: bytes, note: str, root: str, at: str) -> Judged:
        """What a stamp of a checkpoint proves. Raises TypeError, AttributeError for values that are none."""
        roots = self.roots
        if roots is None:
            roots = read_certificates(root.encode())
        try:
            judged = judge_by_client(token, note.encode(), roots)
        except ValueError:
            self.left -= 1
            if self.left < 0:
                return Judged("stamped", "", at)
            judged = judge_by_openssl(token, note.encode(), roots)
        if judged.code == "stamped" and judged.stamped_at != at:
            return Judged("other_data", f"it says {judged.stamped_at}")
        return judged


def judge_by_client(answer: bytes, data: bytes, roots: Sequence[x509.Certificate]) -> Judged:
    """As `judge_stamp`. Raises ValueError for an answer that the library cannot read."""
    response: Any = decode_timestamp_response(answer)
    if PKIStatus(response.status) != PKIStatus.GRANTED:
        return Judged("refused", "; ".join(response.status_string) or f"status {response.status}")
    info, signed = response.tst_info, response.signed_data
    if bytes(info.message_imprint.message) != hashlib.sha256(data).digest():
        return Judged("other_data", "it is of other bytes")
    certificates = [x509.load_der_x509_certificate(each) for each in signed.certificates]
    at: datetime = info.gen_time
    if late := find_invalid(certificates, at):
        return Judged("not_valid_then", say_invalid(late, at))
    chosen = choose_roots(certificates, roots)
    if not chosen:
        return Judged("untrusted", say_issuers(certificates))
    try:
        VerifierBuilder(roots=chosen).build().verify(response, hashlib.sha256(data).digest())
    except VerificationError as error:
        return Judged("untrusted", str(error))
    return Judged("stamped", "", to_iso(at), write_certificates(chosen))


def judge_by_openssl(answer: bytes, data: bytes, roots: Sequence[x509.Certificate]) -> Judged:
    """As `judge_stamp`, by the command `openssl`."""
    with tempfile.TemporaryDirectory() as room:
        token, content, trusted = (Path(room) / name for name in ("answer", "data", "roots.pem"))
        token.write_bytes(answer)
        content.write_bytes(data)
        try:
            told = run_openssl("ts", "-reply", "-in", token, "-text")
            status = re.search(r"^Status: (.*?)\.?$", told.stdout, re.M)
            time = re.search(r"^Time stamp: (.*)$", told.stdout, re.M)
            if status and status[1] != "Granted":
                return Judged("refused", status[1])
            if told.returncode or not time:
                return Judged("unreadable", "it is no answer of a time stamping authority")
            at = datetime.strptime(re.sub(r"\.\d+", "", time[1].strip()), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
            packed = run_openssl("ts", "-reply", "-in", token, "-token_out", "-out", Path(room) / "token")
            listed = run_openssl("pkcs7", "-inform", "DER", "-in", Path(room) / "token", "-print_certs")
            if packed.returncode:
                certificates = []
            else:
                certificates = read_certificates(listed.stdout.encode())
            chosen = choose_roots(certificates, roots)
            if not chosen:
                return Judged("untrusted", say_issuers(certificates))
            trusted.write_text(write_certificates(chosen), "utf-8")
            done = run_openssl(
                "ts", "-verify", "-data", content, "-in", token, "-CAfile", trusted,
                "-attime", str(int(at.timestamp())),
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            return Judged("unreadable", f"openssl could not judge it ({error})")
    if done.returncode:
        return judge_complaint(done.stderr, certificates, at)
    return Judged("stamped", "", to_iso(at), write_certificates(chosen))


def judge_complaint(said: str, certificates: Iterable[x509.Certificate], at: datetime) -> Judged:
    """What `openssl ts -verify` did not like. Pure."""
    if "imprint mismatch" in said or "message imprint" in said:
        return Judged("other_data", "it is of other bytes")
    if late := find_invalid(certificates, at):
        return Judged("not_valid_then", say_invalid(late, at))
    return Judged("untrusted", " ".join(said.split())[:200])


def run_openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LONGEST_S,
        check=False,
    )


# --------------------------------------------------------------------------------------------------------- certificates


def find_invalid(certificates: Iterable[x509.Certificate], at: datetime) -> x509.Certificate | None:
    """A certificate for time stamps that was not valid at that time."""
    for each in certificates:
        if is_for_stamps(each) and not each.not_valid_before_utc <= at <= each.not_valid_after_utc:
            return each
    return None


def is_for_stamps(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


def say_invalid(certificate: x509.Certificate, at: datetime) -> str:
    return f"its certificate was valid until {to_iso(certificate.not_valid_after_utc)}, and it says {to_iso(at)}"


def say_issuers(certificates: Iterable[x509.Certificate]) -> str:
    names = sorted({each.issuer.rfc4514_string() for each in certificates}) or ["nobody it names"]
    return f"its certificate is by {', '.join(names)}, whom nobody here trusts (--tsa-root)"


def choose_roots(certificates: Iterable[x509.Certificate], roots: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """The trusted certificates that have anything to do with those in an answer."""
    held = list(certificates)
    issuers = {each.issuer for each in held}
    return [each for each in roots if each.subject in issuers or each in held]


def write_certificates(certificates: Iterable[x509.Certificate]) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def read_certificates(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a file in PEM, those that can be read."""
    found = []
    for block in re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.S):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # old roots that are written as they should not be
                found.append(x509.load_pem_x509_certificate(block))
        except ValueError:
            continue
    return found


def read_roots(file: Path | None) -> list[x509.Certificate]:
    """The certificates to trust: those of a file in PEM, else those that this system trusts.

    Raises UsageError where the file has none.
    """
    if file is not None:
        found = read_certificates(file.read_bytes())
        if not found:
            raise UsageError(f"{file} has no certificate in PEM. Nothing was done.")
        return found
    paths = ssl.get_default_verify_paths()
    places = [Path(each) for each in (paths.cafile, paths.openssl_cafile) if each]
    return next((read_certificates(each.read_bytes()) for each in places if each.is_file()), [])
