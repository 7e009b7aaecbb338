"""Requests to hosts spaced out as a good guest would: robots.txt, one gate per host for all processes, back-off."""

from embedarchive.politeness.gate import find_retry_after
from embedarchive.politeness.guest import Permission, Politeness

__all__ = ["Permission", "Politeness", "find_retry_after"]
