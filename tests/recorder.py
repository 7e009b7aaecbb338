"""Run by the Python of somebody else's tool: has it record addresses, each of which leads to the replica. See `record`.

python recorder.py TOOL OUT PORT CA_FILE URL…
"""

from __future__ import annotations

import socket
import sys
from importlib import import_module
from pathlib import Path


def lead_to(port: int) -> None:
    """Let every name be this machine, and the port of https the replica's."""
    resolve = socket.getaddrinfo

    def mine(host: object, asked: object, *rest: object, **more: object) -> object:
        return resolve("127.0.0.1", port if asked in (443, "443") else asked, *rest, **more)

    socket.getaddrinfo = mine


def by_warcio(out: Path, ca_file: str, urls: list[str]) -> None:
    """With warcio's `capture_http`, which writes down what a Python program asks for."""
    capture = import_module("warcio.capture_http").capture_http  # before requests, as its documentation says
    requests = import_module("requests")
    with capture(str(out)):
        for url in urls:
            requests.get(url, verify=ca_file, timeout=300)


def by_warcprox(out: Path, ca_file: str, urls: list[str]) -> None:
    """With warcprox, a proxy that writes down what passes."""
    requests, main = import_module("requests"), import_module("warcprox.main")
    import_module("warcprox.warcproxy").WarcProxyHandler.allow_localhost = True
    place = out.parent / "proxied"
    options = main.parse_args([
        "warcprox", "--port", "0", "--dir", str(place), "--gzip", "--cacert", str(place / "ca.pem"),
        "--certs-dir", str(place / "certs"), "--dedup-db-file", "/dev/null", "--stats-db-file", "/dev/null",
    ])  # fmt: skip
    place.mkdir()
    controller = import_module("warcprox.controller").WarcproxController(options)
    controller.start()
    proxy = f"http://127.0.0.1:{controller.proxy.server_port}"
    try:
        for url in urls:
            requests.get(url, proxies={"https": proxy, "http": proxy}, verify=False, timeout=300)
    finally:
        controller.stop.set()
        controller.shutdown()
    [made] = [each for each in place.rglob("*") if ".warc" in each.name]
    made.rename(out)


def by_pywb(out: Path, ca_file: str, urls: list[str]) -> None:
    """With pywb, which records what it is asked for into a collection of its own."""
    pywb = import_module("pywb.apps.frontendapp")
    place = out.parent / "collections"
    for part in ("archive", "indexes"):
        (place / "kept" / part).mkdir(parents=True)
    options = {"collections_root": str(place), "collections": {"live": "$live"}, "recorder": "live"}
    app = pywb.FrontEndApp(config_file=None, custom_config=options)
    server = import_module("gevent.pywsgi").WSGIServer(("127.0.0.1", 0), app, log=None)
    server.start()
    for url in urls:
        import_module("requests").get(f"http://127.0.0.1:{server.server_port}/kept/record/id_/{url}", timeout=300)
    app.recorder.writer.close()
    [made] = (place / "kept" / "archive").iterdir()
    made.rename(out)


if __name__ == "__main__":
    tool, place, port, ca, *addresses = sys.argv[1:]
    if tool == "pywb":
        import_module("gevent.monkey").patch_all()  # it would do so itself, over what leads to the replica
    lead_to(int(port))
    {"warcio": by_warcio, "warcprox": by_warcprox, "pywb": by_pywb}[tool](Path(place), ca, addresses)
