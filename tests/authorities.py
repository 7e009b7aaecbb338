"""Time stamping authorities on this machine: `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[ tsa ]
default_tsa = it
[ it ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ess_cert_id_chain = no
"""


@dataclass
class Stamper:
    """An authority with a root of its own. `digests` it does not know are refused; with `chain` it sends two certificates."""

    folder: Path
    name: str
    digests: str = "sha256"
    chain: bool = False
    valid_days: tuple[float, float] = (-1, 30)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} root")])
        root = make_certificate(named, named, root_key.public_key(), root_key, (-1, 30), is_root=True)
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        certificate = make_certificate(own, named, key.public_key(), root_key, self.valid_days, is_root=False)
        self.root = self.folder / "root.pem"
        self.root.write_bytes(root.public_bytes(Encoding.PEM))
        (self.folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (self.folder / "serial").write_text("01")
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder, digests=self.digests))

    def answer(self, request: bytes) -> bytes:
        """What the authority says to a request."""
        query = self.folder / "query"
        query.write_bytes(request)
        more = ["-chain", str(self.root)] if self.chain else []
        done = subprocess.run(
            ["openssl", "ts", "-reply", "-queryfile", query, "-config", self.folder / "tsa.cnf", "-signer",
             self.folder / "tsa.pem", "-inkey", self.folder / "key.pem", *more],
            capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout


def make_certificate(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePrivateKey,
    days: tuple[float, float], *, is_root: bool,
) -> x509.Certificate:  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days[0])).not_valid_after(now + dt.timedelta(days[1]))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )  # fmt: skip
    if not is_root:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(by, hashes.SHA256())


@contextmanager
def serving(stamper: Stamper | None) -> Iterator[str]:
    """Where the authority listens for as long as this lasts, as --resolve takes it; without one, what answers 503."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["content-length"]))
            body = stamper.answer(request) if stamper else b""
            self.send_response(200 if stamper else 503)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
