"""The project -> an sdist and a wheel in dist/, checked as their users will meet them.

usage: python packaging/release.py      (`make release`; two minutes, of which the demo takes one)

Builds both, has descriptions and contents checked, builds the wheel once more from the sdist alone, installs it in a clean
environment as a user without rights, and runs the demo and a lookup from there. Nothing is uploaded.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
TOOLS = Path(sys.prefix) / "tools" / "release" / "bin"
STEP_S = 900


def run(*command: str | Path, cwd: Path = ROOT, user: int | None = None, env: dict[str, str] | None = None) -> str:
    """Run one step and give what it printed; what went wrong ends the release. As `user` it has no rights but that one's."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, user=user, group=user, extra_groups=None if user is None else [],
        env=env, capture_output=True, text=True, timeout=STEP_S, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def build() -> tuple[Path, Path]:
    """The sdist and the wheel, made anew."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build")
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    return sdist, wheel


def check(sdist: Path, wheel: Path) -> None:
    """Have both judged by others' tools, and the wheel made from the sdist alone compared with the wheel."""
    run(TOOLS / "twine", "check", "--strict", sdist, wheel)
    run(TOOLS / "check-wheel-contents", "--ignore", "W002", wheel)
    with tempfile.TemporaryDirectory() as place, tarfile.open(sdist) as tar:
        tar.extractall(place, filter="data")
        (folder,) = Path(place).iterdir()
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=folder)
        (again,) = (folder / "dist").glob("*.whl")
        if list_files(again) != list_files(wheel):
            sys.exit(f"The sdist makes another wheel: {list_files(again) ^ list_files(wheel)}")


def list_files(wheel: Path) -> set[tuple[str, int]]:
    """The name and the checksum of each file of a wheel."""
    with zipfile.ZipFile(wheel) as file:
        return {(each.filename, each.CRC) for each in file.infolist()}


def try_installed(wheel: Path) -> str:
    """Install a wheel as a user without rights, in an empty home, and run the demo and a lookup there."""
    user = find_user()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        copy = Path(shutil.copy(wheel, home))
        if user is not None:
            for each in (home, copy):
                os.chown(each, user, user)
        env = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        env |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "EMBEDARCHIVE_"))}

        def act(*command: str | Path) -> str:
            return run(*command, cwd=home, user=user, env=env)

        act(find_python(user), "-m", "venv", "venv")
        act(home / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", copy)
        ours = home / "venv/bin/embedarchive"
        act(ours, "install")
        act(ours, "demo", "--quiet")
        lost = act(ours, "query", "select key from preserved_posts where status = 'gone' limit 1", "--csv").split()[-1]
        told = act(ours, "lookup", lost)
        if lost not in told or "preserved" not in told:
            sys.exit(f"lookup does not know {lost}: {told}")
        return f"{act(ours, '--version').strip()}, as {'user ' + str(user) if user is not None else 'you'}: {lost} is found"


def find_user() -> int | None:
    """Somebody without rights, where this is run by root; else whoever runs it."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


FIT = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"


def find_python(user: int | None) -> str:
    """An interpreter that the user may run and that makes environments: the one beneath this one, else one of the path."""
    folders = ["/usr/bin", "/usr/local/bin", *os.environ["PATH"].split(os.pathsep)]
    for candidate in (getattr(sys, "_base_executable", ""), *(f"{folder}/python3" for folder in folders)):
        with contextlib.suppress(OSError):
            who: dict[str, Any] = {"user": user, "group": user, "extra_groups": None if user is None else []}
            if (
                subprocess.run(
                    [candidate, "-c", FIT], cwd="/", check=False, stderr=subprocess.DEVNULL, **who
                ).returncode
                == 0
            ):
                return str(candidate)
    sys.exit("There is no Python of 3.11 or newer here that a user without rights may run and that makes environments.")


def main() -> None:
    sdist, wheel = build()
    check(sdist, wheel)
    print(f"{sdist.name}, {wheel.name}: whole, and alike however they are made")
    print(try_installed(wheel))
    print("To publish: git tag, and twine upload dist/*")


if __name__ == "__main__":
    main()
