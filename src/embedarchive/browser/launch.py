"""A browser choice -> a running browser whose every byte goes through the door, and which can always be killed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from embedarchive.browser.cdp import BrowserPipe, ProtocolError
from embedarchive.browser.find import ADVICE, BrowserChoice
from embedarchive.browser.patience import crowding
from embedarchive.browser.process import Process
from embedarchive.browser.target import Target, Targets
from embedarchive.core.errors import BrowserCrashed, BrowserMissing

T = TypeVar("T")

LAUNCH_S = 45.0
CLOSE_S = 5.0
PING_S = 3.0

# The first two keep WebRTC from sending UDP past the proxy. The third keeps Chromium from asking any name server itself
# (prefetch hints would): the door resolves.
GUARDED = (
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--no-pings",
)
OFF = ("RenderDocument", "RenderDocumentCompositorReuse")
"""Features of Chromium: a new frame host and compositor for every document, also of the same site and process. Off, leaving
for the empty page costs 17 CPU-ms instead of 40, and a visit a tenth less (measured with Chromium 156)."""

_DRIVEN = (
    "--headless", "--hide-scrollbars", "--mute-audio", "--no-startup-window", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-breakpad", "--disable-component-update", "--disable-default-apps",
    "--disable-component-extensions-with-background-pages", "--disable-extensions", "--disable-field-trial-config",
    "--disable-infobars", "--disable-search-engine-choice-screen", "--disable-stack-profiler", "--disable-sync",
    "--metrics-recording-only", "--no-service-autorun", "--password-store=basic", "--use-mock-keychain",
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
    "--disable-back-forward-cache", "--disable-dev-shm-usage", "--disable-hang-monitor", "--disable-ipc-flooding-protection",
    "--disable-prompt-on-repost", "--allow-pre-commit-input", "--force-color-profile=srgb", "--enable-unsafe-swiftshader",
    "--enable-features=CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
)  # fmt: skip
"""What a browser is told that nobody sits before: a mouse, no bubbles, no sleep, no requests of its own. Playwright's choice
(https://github.com/microsoft/playwright/blob/main/packages/playwright-core/src/server/chromium/chromiumSwitches.ts), but a
popup needs a gesture here."""

OFF_WHEN_DRIVEN = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
)  # fmt: skip

_SAMPLES = {
    "Arabic": "ع",
    "Hebrew": "ש",
    "Devanagari": "न",
    "Thai": "ก",
    "Chinese": "汉",
    "Japanese": "あ",
    "Korean": "한",
    "emoji": "🕊",
}
_FIND_TOFU = """samples => {
  const draw = text => {
    const canvas = new OffscreenCanvas(40, 40), pen = canvas.getContext("2d");
    pen.font = "28px sans-serif"; pen.fillText(text, 4, 32);
    return pen.getImageData(0, 0, 40, 40).data.join();
  };
  const boxes = new Set(["\\u{10FFFF}", "\\u{10FFFD}", "\\u{0378}", " "].map(draw));
  return Object.keys(samples).filter(name => boxes.has(draw(samples[name])));
}"""


async def within(seconds: float, work: Awaitable[T], what: str) -> T:
    """Await something of the browser's, or raise BrowserCrashed: no command is trusted to be answered.

    `seconds` are those of a machine that has nothing else to do; a crowded one is given more.
    """
    try:
        async with asyncio.timeout(seconds * crowding()):
            return await work
    except TimeoutError as error:
        raise BrowserCrashed(f"the browser did not answer ({what})") from error
    except ProtocolError as error:
        raise BrowserCrashed(f"{what}: {error}") from error


@dataclass
class Chrome:
    """One running browser. `group` is its process group; `missing_fonts` names the scripts it would draw as boxes, once known.

    `proxy` is the one that the door chains to, without its secrets.
    """

    choice: BrowserChoice
    process: Process
    connection: BrowserPipe
    targets: Targets
    pid: int
    version: str
    missing_fonts: tuple[str, ...] | None = None
    proxy: str | None = None
    dead: bool = False

    @property
    def group(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return not self.dead and not self.connection.lost.is_set()

    @property
    def user_agent(self) -> str:
        """The user agent of the ordinary Chrome that this is: reduced as Chrome reduces it, and without `Headless`."""
        engine = f"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{self.major}.0.0.0 Safari/537.36"
        return f"Mozilla/5.0 ({_USER_AGENT_OS}) {engine}"

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]

    @property
    def identity(self) -> dict[str, Any]:
        """The parameters of Emulation.setUserAgentOverride: user agent and client hints that agree with each other."""
        brands = [{"brand": "Not:A-Brand", "version": "8"}, {"brand": "Chromium", "version": self.major}]
        return {
            "userAgent": self.user_agent,
            "acceptLanguage": "en-US,en",
            "platform": {"linux": "Linux x86_64", "darwin": "MacIntel"}.get(sys.platform, "Win32"),
            "userAgentMetadata": {
                "brands": brands,
                "fullVersionList": [brands[0], {"brand": "Chromium", "version": self.version}],
                "platform": {"linux": "Linux", "darwin": "macOS"}.get(sys.platform, "Windows"),
                "platformVersion": "",
                "architecture": "x86",
                "bitness": "64",
                "model": "",
                "mobile": False,
            },
        }

    async def answers(self) -> bool:
        """Whether the browser itself still answers; a page may hang without it, but not it without its pages."""
        try:
            async with asyncio.timeout(PING_S * crowding()):
                await self.connection.root.send("Browser.getVersion")
        except (ProtocolError, TimeoutError):
            return False
        return True

    async def stop(self) -> None:
        """Close the browser; kill it if it does not close. Never raises."""
        if self.is_running:
            self.connection.root.send("Browser.close")
        self.dead = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S * crowding()):
                await self.connection.lost.wait()
        await self.process.end()
        self.connection.close()

    def kill(self) -> None:
        """Kill the browser and all it started, at once and without asking."""
        self.dead = True
        self.process.kill()


_USER_AGENT_OS = {
    "linux": "X11; Linux x86_64",
    "darwin": "Macintosh; Intel Mac OS X 10_15_7",
}.get(sys.platform, "Windows NT 10.0; Win64; x64")


async def launch(choice: BrowserChoice, proxy_server: str | None, ca_file: Path | None = None) -> Chrome:
    """Start a browser behind a proxy (its password is given later, tab by tab).

    Raises BrowserMissing when it cannot be started at all, with what it said.
    """
    switches = list(_switches(proxy_server, ca_file))
    try:
        process = Process.start(str(choice.path), switches)
    except OSError as error:
        raise BrowserMissing(f"{_explain(choice, error.strerror or str(error))}. {ADVICE}") from error
    try:
        async with asyncio.timeout(LAUNCH_S * crowding()):
            return await _meet(choice, process)
    except (ProtocolError, TimeoutError) as error:
        await process.end()
        raise BrowserMissing(f"{_explain(choice, process.said)}. {ADVICE}") from error
    except asyncio.CancelledError:
        await process.end()
        raise


def _switches(proxy_server: str | None, ca_file: Path | None) -> Iterator[str]:
    yield from (*_DRIVEN, *GUARDED, f"--disable-features={','.join((*OFF_WHEN_DRIVEN, *OFF))}")
    if getattr(os, "geteuid", lambda: 1)() == 0:
        yield "--no-sandbox"  # Chromium does not start with it as root
    if proxy_server:
        yield from (f"--proxy-server={proxy_server}", "--proxy-bypass-list=<-loopback>")
    if ca_file:
        yield from trust(ca_file)


async def _meet(choice: BrowserChoice, process: Process) -> Chrome:
    """Connect to a browser that is starting, and ask for its process id and full version."""
    connection = await process.connect()
    asked = connection.root.send("SystemInfo.getProcessInfo"), connection.root.send("Browser.getVersion")
    processes, version = [await each for each in asked]
    pid = next(each["id"] for each in processes["processInfo"] if each["type"] == "browser")
    return Chrome(choice, process, connection, Targets(connection), pid, version["product"].rpartition("/")[2])


def trust(ca_file: Path) -> tuple[str, ...]:
    """The switch that makes Chromium accept chains holding this authority's key, and no other invalid certificate.

    Chromium then checks neither host name nor dates of such a chain: it is for replicas and test networks.
    """
    from cryptography import x509  # here, for it takes 30 ms, and readers' browsers trust no authority of ours
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    authorities = x509.load_pem_x509_certificates(ca_file.read_bytes())
    keys = (ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for ca in authorities)
    pins = ",".join(base64.b64encode(hashlib.sha256(key).digest()).decode() for key in keys)
    return (f"--ignore-certificate-errors-spki-list={pins}",)


def _explain(choice: BrowserChoice, said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it did not answer"]
    telling = (line for line in lines if re.search(r"sandbox|error while loading|not found", line, re.I))
    return f"{choice.path or choice.name} could not be started: {next(telling, lines[0])[:300]}"


async def read_version(choice: BrowserChoice) -> str:
    """Start the browser and give its name and version. Raises BrowserMissing when it does not start."""
    chrome = await launch(choice, None)
    await chrome.stop()
    return f"{choice.name} {chrome.version}"


async def find_missing_fonts(choice: BrowserChoice) -> tuple[str, ...]:
    """Start the browser and name the scripts that it would draw as boxes."""
    chrome = await launch(choice, None)
    try:
        return await find_tofu(await within(LAUNCH_S, chrome.targets.open([]), "new page"))
    finally:
        await chrome.stop()


async def find_tofu(target: Target) -> tuple[str, ...]:
    """Draw one letter of each script in a page and compare it with what the fonts draw for a character that is none."""
    return tuple(await within(LAUNCH_S, target.main.call(_FIND_TOFU, _SAMPLES), "draw letters"))


def describe_environment(chrome: Chrome) -> Mapping[str, Any]:
    """What of a capture's environment is the browser's."""
    return {
        "browser": chrome.choice.name,
        "browser_version": chrome.version,
        "headless": "shell" if chrome.choice.headless_shell else "full",
        "user_agent": chrome.user_agent,
        "fonts_missing": list(chrome.missing_fonts or ()),
        "operating_system": sys.platform,
        **({"proxy": chrome.proxy} if chrome.proxy else {}),
    }
