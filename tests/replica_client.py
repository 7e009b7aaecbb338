"""What the replica's own tests share: one running replica, and a client that trusts nothing but its authority."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPSConnection

from embedarchive.replica import Replica
from waiting import BOUND_S

NAVIGATION = {"User-Agent": "Mozilla/5.0 Chrome/150", "Sec-Fetch-Mode": "navigate", "Accept-Language": "en"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def connect(replica: Replica) -> socket.socket:
    return socket.create_connection(("127.0.0.1", replica.tls_port), timeout=BOUND_S)


def get(replica: Replica, url: str, **headers: str) -> Answer:
    """Ask for a URL at its real host name; an empty header value leaves a header of the navigation out."""
    host, _, path = url.removeprefix("https://").partition("/")
    context = ssl.create_default_context(cafile=str(replica.ca_file))
    sent = NAVIGATION | {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(HTTPSConnection(host, timeout=BOUND_S)) as connection:
        connection.sock = context.wrap_socket(connect(replica), server_hostname=host)
        connection.request("GET", f"/{path}", headers={k: v for k, v in sent.items() if v})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
