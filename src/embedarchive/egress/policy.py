"""What may pass the door: canonical URLs, ports, and the addresses that are the public internet's. Pure.

`ipaddress.is_global` is not enough: in Python 3.11 it is True for NAT64, 6to4 and IPv4-compatible spellings of
127.0.0.1, for multicast and for site-local addresses. So IPv6 is refused unless it lies in the one block that is
handed out (2000::/3), and what is special inside that block and in IPv4 is named here, from IANA's registries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote

import idna

from embedarchive.core.errors import RefusedError, UsageError

MAX_URL = 16_384

Address = IPv4Address | IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry, and the multicast and reserved classes D and E.
SPECIAL_4: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this_network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "cloud_host"),  # Azure's host agent: a public address that is not the public's
    ("169.254.0.0/16", "link_local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "as112"),
    ("192.52.193.0/24", "amt"),
    ("192.88.99.0/24", "6to4_relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "as112"),
    ("198.18.0.0/15", "benchmark"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)

# https://www.iana.org/assignments/iana-ipv6-special-registry. 2001::/23 holds Teredo, benchmarking and ORCHID.
SPECIAL_6: tuple[tuple[str, str], ...] = (
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::/96", "v4_compatible"),
    ("64:ff9b:1::/48", "nat64_local"),
    ("100::/64", "discard"),
    ("100:0:0:1::/64", "dummy"),
    ("2001::/32", "teredo"),
    ("2001::/23", "protocol"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "as112"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment_routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link_local"),
    ("fec0::/10", "site_local"),
    ("ff00::/8", "multicast"),
)

_NETS_4 = tuple((IPv4Network(net), name) for net, name in SPECIAL_4)
_NETS_6 = tuple((IPv6Network(net), name) for net, name in SPECIAL_6)
_NAT64 = ip_network("64:ff9b::/96")
_HANDED_OUT = ip_network("2000::/3")

PRIVATE = frozenset({"private", "loopback", "shared"})
"""What `allow_private` opens: one's own machine and networks. Link-local stays shut: clouds keep their keys there."""


@dataclass(frozen=True, slots=True)
class Resolve:
    """A named exception, as curl's `--resolve`: connections to host:port go to address:target_port, unchecked.

    Host `*` stands for every name, never for an address literal.
    """

    host: str
    port: int
    address: str
    target_port: int


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """Seconds, bytes and counts. A tunnel is closed after `idle_s` without a byte, and after `tunnel_s` in any case."""

    head_s: float = 15.0
    resolve_s: float = 10.0
    connect_s: float = 15.0
    idle_s: float = 120.0
    tunnel_s: float = 3600.0
    head_bytes: int = 131_072
    tunnels: int = 1024


@dataclass(frozen=True, slots=True)
class DoorPolicy:
    """What the door lets through. The default: any public address, on the two web ports."""

    allow_private: bool = False
    resolve: tuple[Resolve, ...] = ()
    ports: frozenset[int] = frozenset({80, 443})

    def find_exception(self, host: str, port: int) -> Resolve | None:
        """The first exception for that host and port; a host by name is preferred to `*`."""
        there = [r for r in self.resolve if r.port == port]
        named = (r for r in there if r.host == host)
        starred = (r for r in there if r.host == "*" and not _is_address(host))
        return next(named, None) or next(starred, None)

    def find_objection_to_name(self, host: str) -> str | None:
        """Why a host may not be asked for where somebody else looks its name up, or None: as far as the name tells."""
        if _is_address(host):
            return self.find_objection(host.strip("[]"))
        if self.allow_private or not _LOCAL_NAME.search(host):
            return None
        return "private"

    def find_objection(self, address: str) -> str | None:
        """Why this address may not be connected to, or None."""
        special = find_special(address)
        if self.allow_private and special in PRIVATE:
            return None
        return special


def find_special(address: str) -> str | None:
    """Name the special range an address lies in, seen through its wrappings; None for a public one."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return "bad_address"
    if isinstance(ip, IPv6Address):
        inner = _unwrap(ip)
        if inner is None:
            return _find_special_6(ip)
        ip = inner
    return next((name for net, name in _NETS_4 if ip in net), None)


def _unwrap(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped or a NAT64 address really leads to (RFC 4291 2.5.5.2, RFC 6052)."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped


def _find_special_6(ip: IPv6Address) -> str | None:
    special = next((name for net, name in _NETS_6 if ip in net), None)
    return special or (None if ip in _HANDED_OUT else "reserved")


# https://www.iana.org/assignments/special-use-domain-names, .internal (ICANN, 2024), and what only a resolver at home knows.
_LOCAL_NAME = re.compile(
    r"^[^.]+$|(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|in-addr\.arpa|ip6\.arpa)$"
)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


_RESOLVE = re.compile(
    r"(?P<host>\*|\[[^\]]+\]|[^:\[\]]+):(?P<port>\d+):(?P<addr>\[[^\]]+\]|[^:\[\]]+)(?::(?P<to>\d+))?"
)


def parse_resolve(text: str) -> Resolve:
    """Read `HOST:PORT:ADDRESS[:TARGET_PORT]`; IPv6 in brackets, `*` for every host.

    Raises UsageError when it cannot be read.
    """
    try:
        return _read_resolve(text.strip())
    except (ValueError, RefusedError) as error:
        raise UsageError(
            f"--resolve {text!r} cannot be read. Write HOST:PORT:ADDRESS or HOST:PORT:ADDRESS:PORT, "
            "with an IP address (IPv6 in brackets)."
        ) from error


def _read_resolve(text: str) -> Resolve:
    match = _RESOLVE.fullmatch(text)
    if match is None:
        raise ValueError
    host, port = match["host"], int(match["port"])
    address = str(ip_address(match["addr"].strip("[]")))
    target = int(match["to"] or port)
    if not (0 < port < 65536 and 0 < target < 65536):
        raise ValueError
    return Resolve(host if host == "*" else canonicalize_host(host), port, address, target)


_URL = re.compile(r"(?P<scheme>[^:/?#]+)://(?P<netloc>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?")
_NETLOC = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]@]+)(?::(?P<port>\d{0,5}))?")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)")
# Everything a URL may hold beyond letters and digits; `%` is kept, for what is encoded stays as it is.
_KEEP = "!$%&'()*+,-./:;=?@[]_~#|"


def check_url(url: str) -> str:
    """Give the one spelling of an http(s) URL that every part of us agrees on, or raise `RefusedError`.

    Refused is whatever two parsers might read differently: backslashes, controls, user names, hosts written as numbers.
    """
    url = url.strip(" ")
    if len(url) > MAX_URL:
        raise RefusedError("refused_url", "The URL is too long.")
    if _UNSAFE.search(url):
        raise RefusedError("refused_url", "The URL holds a backslash or a control character.")
    match = _URL.fullmatch(url)
    if match:
        scheme = match["scheme"].lower()
    else:
        scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise RefusedError("refused_scheme", "Only http and https URLs are fetched.")
    if not match:
        raise RefusedError("refused_url", "The URL names no host.")
    tail = quote((match["path"] or "/") + (match["query"] or "") + (match["fragment"] or ""), safe=_KEEP)
    return f"{scheme}://{_canonicalize_netloc(match['netloc'], scheme)}{tail}"


def _canonicalize_netloc(netloc: str, scheme: str) -> str:
    match = _NETLOC.fullmatch(netloc)
    if not match:
        raise RefusedError("refused_url", "The URL's host cannot be read, or it carries a user name.")
    host, port = canonicalize_host(match["host"]), match["port"]
    if not port or int(port) == {"http": 80, "https": 443}[scheme]:
        return host
    if not 0 < int(port) < 65536:
        raise RefusedError("refused_port", f"There is no port {port}.")
    return f"{host}:{int(port)}"


def canonicalize_host(host: str) -> str:
    """Lower-case, IDNA-encode and check a host; an IPv6 literal keeps its brackets. Raises RefusedError for no host."""
    try:
        if host.startswith("["):
            return f"[{IPv6Address(host[1:-1])}]"
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise RefusedError("refused_url", "The URL's host is not a valid name.") from error
    host = host.lower().removesuffix(".")
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise RefusedError("refused_url", "The URL's host is not a valid name.")
    # inet_aton reads 0x7f.1, 0177.1 and 2130706433 as addresses; only the dotted quad means the same to everybody.
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and not _is_address(host):
        raise RefusedError("refused_url", "The URL's host is a number, not a name.")
    return host
