"""Requests to hosts spaced out as a good guest would: robots.txt, one gate per host for all processes, back-off."""

from embedarchive.politeness.client import Permission, PoliteClient
from embedarchive.politeness.limiter import find_retry_after

__all__ = ["Permission", "PoliteClient", "find_retry_after"]
