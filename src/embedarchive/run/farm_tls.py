"""Dask's own settings -> how a farm is spoken to: in plain text at tcp://…, with a certificate at both ends at tls://…"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from distributed import Security

from embedarchive.core.errors import UsageError

Side = Literal["scheduler", "worker", "client"]


def make_security(address: str, side: Side) -> Security:
    """What Dask is to be told. Raises UsageError where an address wants certificates that its settings do not name."""
    security = Security()
    if address.startswith("tls://"):
        named = {
            "ca-file": "tls_ca_file",
            f"{side}.cert": f"tls_{side}_cert",
            f"{side}.key": f"tls_{side}_key",
        }
        for setting, name in named.items():
            file: str | None = getattr(security, name)
            if file is None or not (is_inline(file) or Path(file).is_file()):
                raise UsageError(
                    f"{address} wants a certificate, and Dask's setting distributed.comm.tls.{setting} names "
                    f"{file or 'none'} (documentation: Crawl with several machines). Nothing was done."
                )
    return security


def is_inline(value: str) -> bool:
    """Whether it is a certificate or key itself, which Dask takes too. Pure."""
    return "\n" in value
