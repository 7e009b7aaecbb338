"""Which browser is driven, on machines made up of small files; what a secret is; what a picture shows."""

from __future__ import annotations

import io
import os
import random
import stat
from pathlib import Path

import pytest
from PIL import Image

from embedarchive.browser import ensure_browser, find_browser, find_missing_fonts, read_version
from embedarchive.browser.find import BrowserChoice
from embedarchive.browser.launch import launch
from embedarchive.browser.pictures import look_at, size_of, sniff
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.core.errors import BrowserMissing


def program(path: Path, text: str = "#!/bin/sh\nexit 0\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A machine with nothing on it."""
    return tmp_path, {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}


BUNDLED = "home/.cache/ms-playwright"
SHELL = f"{BUNDLED}/chromium_headless_shell-{{}}/chrome-headless-shell-linux64/chrome-headless-shell"
FULL = f"{BUNDLED}/chromium-{{}}/chrome-linux64/chrome"

# ----------------------------------------------------------------------------------------------------------------- find

ORDERS = {
    "a bundled shell before a bundled browser": ([SHELL.format(1255), FULL.format(1255)], "chrome-headless-shell"),
    "the newest bundle": ([SHELL.format(999), SHELL.format(1255)], "1255"),
    "a bundle before what is installed": ([FULL.format(1255), "bin/chromium-headless-shell"], "ms-playwright"),
    "an installed shell before Chrome": (["bin/google-chrome", "bin/chromium-headless-shell"], "headless-shell"),
    "Chrome before Edge": (["bin/microsoft-edge", "bin/google-chrome"], "google-chrome"),
    "Edge before Chromium": (["bin/chromium", "bin/microsoft-edge"], "microsoft-edge"),
    "Chromium at last": (["bin/chromium"], "bin/chromium"),
}


@pytest.mark.parametrize(("programs", "expected"), ORDERS.values(), ids=ORDERS.keys())
def test_order(machine: tuple[Path, dict[str, str]], programs: list[str], expected: str) -> None:
    root, env = machine
    for name in programs:
        program(root / name)
    choice = find_browser(None, env)
    assert expected in str(choice.path)
    assert choice.headless_shell == ("headless" in Path(choice.path or "").name)
    assert choice.why


def test_the_one_asked_for_wins(machine: tuple[Path, dict[str, str]]) -> None:
    root, env = machine
    program(root / "bin/chromium-headless-shell")
    mine, other = program(root / "mine/My Chrome"), program(root / "other/chrome")
    assert find_browser(str(mine), {**env, "EMBEDARCHIVE_BROWSER": str(other)}).path == str(mine)
    assert find_browser(None, {**env, "EMBEDARCHIVE_BROWSER": str(other)}).path == str(other)


@pytest.mark.parametrize("asked", ["/nowhere/chrome", "-rf", "chrome --flag", ""])
def test_what_cannot_be_run_is_refused_with_the_command_that_helps(
    machine: tuple[Path, dict[str, str]], asked: str
) -> None:
    with pytest.raises(BrowserMissing, match=r"playwright install --only-shell chromium") as caught:
        find_browser(asked, machine[1])
    assert caught.value.exit_code == 4


def test_snaps_are_passed_over(machine: tuple[Path, dict[str, str]]) -> None:
    root, env = machine
    stub = program(root / "bin/chromium-browser", "#!/bin/sh\necho 'snap install chromium'\n")
    program(root / "snap/bin/chromium")
    (root / "bin/chromium").symlink_to(root / "snap/bin/chromium")
    with pytest.raises(BrowserMissing):
        find_browser(None, env)
    with pytest.raises(BrowserMissing, match="snap"):
        find_browser(str(stub), env)


# -------------------------------------------------------------------------------------------------------------- install


async def test_an_install_that_fails_says_what_was_tried(machine: tuple[Path, dict[str, str]]) -> None:
    """Playwright is sent to a port where nobody listens; apt-get is a program that fails as it does without network."""
    root, env = machine
    program(root / "bin/apt-get", "#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n")
    env |= {"PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9", "PLAYWRIGHT_BROWSERS_PATH": str(root / "browsers")}
    with pytest.raises(BrowserMissing) as caught:
        await ensure_browser(None, env)
    assert "playwright install" in str(caught.value)
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        assert "E: Unable to locate package" in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/etc/debian_version").exists(), reason="asks apt-get only as root")
async def test_debian_is_asked_for_the_shell_with_fonts(machine: tuple[Path, dict[str, str]]) -> None:
    root, env = machine
    log, made = root / "log", root / "bin/chromium-headless-shell"
    make = f'echo "#!/bin/sh" > {made}; /bin/chmod +x {made}'
    program(root / "bin/apt-get", f'#!/bin/sh\necho "$@" >> {log}\ncase "$*" in *install*) {make};; esac\n')
    env |= {"PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9", "PLAYWRIGHT_BROWSERS_PATH": str(root / "browsers")}
    assert (await ensure_browser(None, env)).path == str(made)
    asked = log.read_text()
    assert "chromium-headless-shell" in asked
    assert "fonts-noto-cjk" in asked


async def test_a_browser_asked_for_by_name_is_never_replaced(machine: tuple[Path, dict[str, str]]) -> None:
    with pytest.raises(BrowserMissing, match="/nowhere"):
        await ensure_browser("/nowhere/chrome", machine[1])


# --------------------------------------------------------------------------------------------------------------- launch


async def test_a_program_that_is_no_browser_is_named(tmp_path: Path) -> None:
    fake = program(
        tmp_path / "chrome", "#!/bin/sh\necho 'error while loading shared libraries: libnss3.so' >&2\nexit 1\n"
    )
    with pytest.raises(BrowserMissing, match=r"chrome could not be started: .*libnss3"):
        await launch(BrowserChoice("chrome", str(fake)), None)


@pytest.mark.browser
async def test_the_browser_tells_its_version_and_its_fonts() -> None:
    choice = find_browser(None, os.environ)
    assert (await read_version(choice)).startswith(f"{choice.name} 1")
    assert set(await find_missing_fonts(choice)) <= {"Thai", "Devanagari", "Chinese", "Japanese", "Korean", "emoji"}


@pytest.mark.browser
async def test_scripts_that_would_be_boxes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one Latin font on the machine, everything else must be found missing."""
    plain = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf")
    fonts = [path for name in plain for path in Path("/usr/share/fonts").rglob(name)]
    if not fonts:
        pytest.skip("no plain Latin font to leave on the machine")
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / fonts[0].name).symlink_to(fonts[0])
    config = tmp_path / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{tmp_path}/fonts</dir><cachedir>{tmp_path}/cache</cachedir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(config))
    missing = await find_missing_fonts(find_browser(None, os.environ))
    assert {"Chinese", "Japanese", "Korean", "emoji"} <= set(missing)


# --------------------------------------------------------------------------------------------------------------- redact

SECRET_HEADERS = (
    "Cookie",
    "set-cookie",
    "Authorization",
    "Proxy-Authorization",
    "X-CSRFToken",
    "x-api-key",
    "X-Auth-Token",
)
PLAIN_HEADERS = ("content-type", "date", "etag", "user-agent", "sec-fetch-mode", "x-fb-request-id", "accept")


def test_headers_that_are_secrets_lose_their_values() -> None:
    headers = [(name, "v1") for name in (*SECRET_HEADERS, *PLAIN_HEADERS)]
    kept = dict(redact_headers(headers))
    assert {kept[name] for name in SECRET_HEADERS} == {"[redacted]"}
    assert {kept[name] for name in PLAIN_HEADERS} == {"v1"}


URLS = {
    "https://u:p@a.example/x": "https://a.example/x",
    "https://a.example/?access_token=S&x=1": "https://a.example/?access_token=[redacted]&x=1",
    "https://a.example/?x=1&sessionid=S#f": "https://a.example/?x=1&sessionid=[redacted]#f",
    "https://cdn.example/p.jpg?oh=SIG&oe=66": "https://cdn.example/p.jpg?oh=SIG&oe=66",
    "https://cdn.example/tweet-result?token=abc": "https://cdn.example/tweet-result?token=abc",
    "https://x.com/@name/status/1": "https://x.com/@name/status/1",
}


@pytest.mark.parametrize(("url", "kept"), URLS.items())
def test_addresses_lose_what_logs_in_and_keep_what_signs(url: str, kept: str) -> None:
    assert redact_url(url) == kept


# ------------------------------------------------------------------------------------------------------------- pictures


def png(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("colour", ["white", "black", "#e8e8f0"])
def test_one_colour_is_blank(kind: str, colour: str) -> None:
    assert look_at(png(Image.new("RGB", (540, 900), colour), kind)).blank


def test_a_line_of_text_is_not_blank() -> None:
    image = Image.new("RGB", (540, 900), "white")
    draw = random.Random(1)
    for _ in range(600):
        image.putpixel((20 + draw.randrange(300), 40 + draw.randrange(14)), (0, 0, 0))
    picture = look_at(png(image))
    assert not picture.blank
    assert (picture.width, picture.height) == (540, 900)
    assert size_of(picture.thumbnail) == picture.thumbnail_size == (270, 450)


def test_files_are_known_by_their_first_bytes() -> None:
    image = Image.new("RGB", (4, 4))
    assert [sniff(png(image, kind)) for kind in ("PNG", "JPEG", "WEBP", "GIF")] == [
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
    ]
    assert sniff(b"\0\0\0\x20ftypisom") == "video/mp4"
    assert {sniff(bytes((0xFF, second)) + b"\x90\x64") for second in (0xFB, 0xF3, 0xF2)} == {"audio/mpeg"}
    assert sniff(b"<html>") is None
    assert size_of(b"<html>") == (None, None)
