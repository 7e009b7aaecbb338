"""The files of a pack -> their description as an RO-Crate (https://w3id.org/ro/crate/1.1), as repositories ask for it."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from typing import Any

from embedarchive.core.version import __version__
from embedarchive.export.bag import PAYLOAD
from embedarchive.export.exhibits import Chosen

CRATE = "ro-crate-metadata.json"
SOFTWARE = {
    "@id": "#embedarchive", "@type": "SoftwareApplication", "name": "embedarchive", "version": __version__,
}  # fmt: skip
RIGHTS = "The rights in a post and its media stay with who made them; this is a copy kept as evidence."


def make_crate(chosen: Chosen, moment: str, hashes: Mapping[str, str]) -> bytes:
    """The metadata file of what lies in `data/`; `hashes` maps each name in the bag to its sha256."""
    files = [describe_file(name.removeprefix(PAYLOAD), sha256) for name, sha256 in sorted(hashes.items())]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence: {chosen.name}",
        "description": "; ".join(f"{each.title} on {each.at}" for each in chosen.exhibits),
        "datePublished": moment,
        "license": RIGHTS,
        "hasPart": [{"@id": each["@id"]} for each in files],
    }
    action = {
        "@id": "#capture", "@type": "CreateAction", "name": "Capture with a browser", "endTime": moment,
        "instrument": {"@id": SOFTWARE["@id"]}, "result": {"@id": "./"},
    }  # fmt: skip
    itself = {
        "@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }  # fmt: skip
    graph = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [itself, root, SOFTWARE, action, *files]}
    return (json.dumps(graph, ensure_ascii=False, indent=1) + "\n").encode()


def describe_file(name: str, sha256: str) -> dict[str, Any]:
    kind = "application/wacz" if name.endswith(".wacz") else mimetypes.guess_type(name)[0]
    told = {"@id": name, "@type": "File", "name": name.rpartition("/")[2], "sha256": sha256}
    if kind:
        return told | {"encodingFormat": kind}
    return told
