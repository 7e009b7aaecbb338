"""Requests to hosts spaced out: robots.txt, one rate limiter per host for all processes, back-off."""

from embedarchive.politeness.client import Permission, PoliteClient
from embedarchive.politeness.limiter import find_retry_after

__all__ = ["Permission", "PoliteClient", "find_retry_after"]
