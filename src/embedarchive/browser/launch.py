"""A browser choice -> a running browser whose every byte goes through the door, and which can always be killed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import re
import signal
import sys
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import CDPSession, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from embedarchive.browser.find import ADVICE, BrowserChoice
from embedarchive.browser.patience import crowding
from embedarchive.browser.watch import find_children
from embedarchive.core.errors import BrowserCrashed, BrowserMissing

T = TypeVar("T")

LAUNCH_S = 45.0
CLOSE_S = 5.0
PING_S = 3.0

# The first two keep WebRTC from sending UDP past the proxy. The third keeps Chromium from asking any name server itself
# (prefetch hints would): the door resolves. A popup needs no gesture here unless Playwright's own switch is left out.
_SWITCHES = (
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--no-pings",
)
_LEFT_OUT = ("--disable-popup-blocking",)

_OFF = ("RenderDocument", "RenderDocumentCompositorReuse")
"""Features of Chromium: a new frame host and compositor for every document, also of the same site and process. Off, leaving
for the empty page costs 17 CPU-ms instead of 40, and a visit a tenth less (measured with Chromium 156)."""

_OFF_BY_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion",
)  # fmt: skip
"""Said again, because of two such switches Chromium hears the last."""

_PASSED_ON = re.compile(
    r"^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TMPDIR|TEMP|TMP|XDG_\w+|FONTCONFIG_\w+|DISPLAY|WAYLAND_DISPLAY"
    r"|SystemRoot|SystemDrive|LOCALAPPDATA|APPDATA|PROGRAM\w+|USERPROFILE|COMSPEC|WINDIR)$",
    re.I,
)
"""Environment variables a browser may see: no proxy settings, no keys, nobody's tokens."""

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
    """Await something of the browser's, or raise BrowserCrashed: no Playwright call is trusted to come back.

    `seconds` are those of a machine that has nothing else to do; a crowded one is given more.
    """
    try:
        return await asyncio.wait_for(work, seconds * crowding())
    except TimeoutError as error:
        raise BrowserCrashed(f"the browser did not answer ({what})") from error
    except PlaywrightError as error:
        raise BrowserCrashed(f"{what}: {error.message.splitlines()[0]}") from error


@dataclass
class Chrome:
    """One running browser. `group` is its process group; `missing_fonts` names the scripts it would draw as boxes.

    `proxy` is the one that the door chains to, without its secrets.
    """

    choice: BrowserChoice
    playwright: Playwright
    browser: PlaywrightBrowser
    pid: int
    group: int
    version: str
    session: CDPSession
    missing_fonts: tuple[str, ...] = ()
    proxy: str | None = None
    dead: bool = False

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
            await asyncio.wait_for(self.session.send("Browser.getVersion"), PING_S * crowding())
        except (PlaywrightError, TimeoutError):
            return False
        return True

    async def stop(self) -> None:
        """Close the browser; kill it if it does not close. Never raises."""
        self.dead = True
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.browser.close(), CLOSE_S * crowding())
        self.kill()
        await stop_driver(self.playwright)

    def kill(self) -> None:
        """Kill the browser and all it started, at once and without asking."""
        self.dead = True
        kill_group(self.pid, self.group)


_USER_AGENT_OS = {
    "linux": "X11; Linux x86_64",
    "darwin": "Macintosh; Intel Mac OS X 10_15_7",
}.get(sys.platform, "Windows NT 10.0; Win64; x64")


async def launch(choice: BrowserChoice, proxy_server: str | None, ca_file: Path | None = None) -> Chrome:
    """Start a browser behind a proxy (its password is given later, tab by tab).

    Raises BrowserMissing when it cannot be started at all, with what it said.
    """
    playwright = await async_playwright().start()
    try:
        seconds = LAUNCH_S * crowding()
        browser = await asyncio.wait_for(_start(playwright, choice, proxy_server, ca_file, seconds), seconds)
        session, pid, version = await asyncio.wait_for(_ask(browser), seconds)
    except (PlaywrightError, TimeoutError) as error:
        await _abandon(playwright)
        raise BrowserMissing(f"{_explain(choice, error)}. {ADVICE}") from error
    except asyncio.CancelledError:
        await _abandon(playwright)
        raise
    return Chrome(choice, playwright, browser, pid, group_of(pid), version, session)


async def _abandon(playwright: Playwright) -> None:
    """End a start that came to nothing, with all that was started: its driver alone would leave a hanging browser."""
    driver = _driver_pid(playwright)
    for child in find_children(driver) if driver else ():
        kill_group(child, group_of(child))
    await stop_driver(playwright)


async def _start(
    playwright: Playwright, choice: BrowserChoice, proxy_server: str | None, ca_file: Path | None, seconds: float
) -> PlaywrightBrowser:
    off = ",".join((*_OFF_BY_PLAYWRIGHT, *_OFF))
    switches = [*_SWITCHES, f"--disable-features={off}", *(trust(ca_file) if ca_file else ())]
    return await playwright.chromium.launch(
        executable_path=choice.path,
        channel=choice.channel,
        headless=True,
        args=switches,
        ignore_default_args=list(_LEFT_OUT),
        chromium_sandbox=getattr(os, "geteuid", lambda: 1)() != 0,
        env={name: value for name, value in os.environ.items() if _PASSED_ON.match(name)},
        proxy={"server": proxy_server} if proxy_server else None,
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
        timeout=seconds * 1000,
    )


async def _ask(browser: PlaywrightBrowser) -> tuple[CDPSession, int, str]:
    """Open a line to the browser itself, and ask for its process id and full version."""
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    product = (await session.send("Browser.getVersion"))["product"]
    return session, next(p["id"] for p in processes if p["type"] == "browser"), product.rpartition("/")[2]


def trust(ca_file: Path) -> tuple[str, ...]:
    """The switch that makes Chromium accept chains holding this authority's key, and no other invalid certificate.

    Chromium then checks neither host name nor dates of such a chain: it is for replicas and test networks.
    """
    authorities = x509.load_pem_x509_certificates(ca_file.read_bytes())
    keys = (ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for ca in authorities)
    pins = ",".join(base64.b64encode(hashlib.sha256(key).digest()).decode() for key in keys)
    return (f"--ignore-certificate-errors-spki-list={pins}",)


def group_of(pid: int) -> int:
    """The process group Playwright gave a browser (its leader may be a wrapper script); 0 where there is none."""
    try:
        group = os.getpgid(pid)
    except (AttributeError, OSError):
        return 0
    return group if group != os.getpgrp() else 0


def kill_group(pid: int, group: int) -> None:
    """SIGKILL a browser and all it started."""
    with contextlib.suppress(OSError):
        if group:
            os.killpg(group, signal.SIGKILL)
        else:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


async def stop_driver(playwright: Playwright) -> None:
    """End Playwright's helper process; kill it if it hangs."""
    try:
        await asyncio.wait_for(playwright.stop(), CLOSE_S * crowding())
    except Exception:
        if pid := _driver_pid(playwright):
            kill_group(pid, 0)


def _driver_pid(playwright: Playwright) -> int:
    """The process of Playwright's helper, which it does not tell; 0 where it cannot be found out."""
    transport = getattr(getattr(getattr(playwright, "_impl_obj", None), "_connection", None), "_transport", None)
    return getattr(getattr(transport, "_proc", None), "pid", 0)


def _explain(choice: BrowserChoice, error: Exception) -> str:
    said = getattr(error, "message", "") or "it did not answer"
    lines = [line for line in said.splitlines() if line.strip() and "<launching>" not in line] or [said]
    telling = (line for line in lines if re.search(r"sandbox|error while loading|not found", line, re.I))
    hint = next(telling, lines[0])
    return f"{choice.path or choice.name} could not be started: {hint.strip()[:300]}"


async def read_version(choice: BrowserChoice) -> str:
    """Start the browser and give its name and version. Raises BrowserMissing when it does not start."""
    chrome = await launch(choice, None)
    await chrome.stop()
    return f"{choice.name} {chrome.version}"


async def find_missing_fonts(choice: BrowserChoice) -> tuple[str, ...]:
    """Start the browser and name the scripts that it would draw as boxes."""
    chrome = await launch(choice, None)
    try:
        return await find_tofu(chrome.browser)
    finally:
        await chrome.stop()


async def find_tofu(browser: PlaywrightBrowser) -> tuple[str, ...]:
    """Draw one letter of each script and compare it with what the fonts draw for a character that is none."""
    page = await within(LAUNCH_S, browser.new_page(), "new page")
    try:
        return tuple(await within(LAUNCH_S, page.evaluate(_FIND_TOFU, dict(_SAMPLES)), "draw letters"))
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(page.close(), CLOSE_S * crowding())


def describe_environment(chrome: Chrome) -> Mapping[str, Any]:
    """What of a capture's environment is the browser's."""
    return {
        "browser": chrome.choice.name,
        "browser_version": chrome.version,
        "headless": "shell" if chrome.choice.headless_shell else "full",
        "user_agent": chrome.user_agent,
        "fonts_missing": list(chrome.missing_fonts),
        "operating_system": sys.platform,
        **({"proxy": chrome.proxy} if chrome.proxy else {}),
    }
