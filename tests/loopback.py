"""Origins on loopback whose every byte the test writes itself, certificates for them, and a door that leads to them."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from embedarchive.egress import Door, DoorPolicy, parse_resolve

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A complete HTTP/1.1 answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


class Origin:
    """A raw HTTP origin. `answer` is bytes, or a coroutine given the request head and the writer."""

    def __init__(self, answer: bytes | Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Origin:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def head(self, index: int = -1) -> str:
        """A request head seen, lower-cased."""
        return self.requests[index].decode("latin-1").lower()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                else:
                    await self.answer(self.requests[-1], writer)
                await writer.drain()
                if b"\r\nconnection: close" in self.requests[-1].lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


def door_to(origin: Origin, *names: str, **options: object) -> Door:
    """A door through which the names (all, by default) lead to the origin, on both web ports."""
    rules = tuple(
        parse_resolve(f"{name}:{port}:127.0.0.1:{origin.port}") for name in names or ("*",) for port in (80, 443)
    )
    return Door(DoorPolicy(resolve=rules), **options)  # type: ignore[arg-type]


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's own authority")])
        self.file = folder / "ca.pem"
        certificate = self._build(self.name, self.key, [], 30, is_ca=True)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *hosts: str, days: int = 30, self_signed: bool = False) -> ssl.SSLContext:
        """A server's TLS context for those hosts; expired if `days` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        certificate = self._build(name, key, list(hosts), days, issuer_key=key if self_signed else None)
        file = self.folder / f"{hosts[0]}{days}{self_signed}.pem"
        chain = b"" if self_signed else self.file.read_bytes()
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + chain
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _build(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        hosts: list[str],
        days: int,
        *,
        is_ca: bool = False,
        issuer_key: ec.EllipticCurvePrivateKey | None = None,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name if issuer_key else self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=60))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(issuer_key or self.key, hashes.SHA256())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
