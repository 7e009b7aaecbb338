"""The one door: every byte out, httpx or browser, leaves through it, to an address that was checked."""

from embedarchive.egress.door import Door, Refusal, Resolver
from embedarchive.egress.policy import DoorLimits, DoorPolicy, Resolve, check_url, find_special, parse_resolve
from embedarchive.egress.upstream import Upstream, parse_proxy

__all__ = [
    "Door",
    "DoorLimits",
    "DoorPolicy",
    "Refusal",
    "Resolve",
    "Resolver",
    "Upstream",
    "check_url",
    "find_special",
    "parse_proxy",
    "parse_resolve",
]
