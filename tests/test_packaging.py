"""What a project has beside its code (a workflow, an image, a compose file, words for contributors), as linters want it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from conftest import ROOT
from embedarchive.cli import load_command
from tools import find_python_tools
from waiting import BOUND_S

WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.M))


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.github-workflows", WORKFLOW), ("vendor.compose-spec", ROOT / "compose.yaml")]
)
def test_it_keeps_to_its_published_schema(schema: str, path: Path) -> None:
    linter = find_python_tools("lint") / "check-jsonschema"
    done = subprocess.run(
        [linter, "--builtin-schema", schema, path], capture_output=True, text=True, timeout=BOUND_S, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_linter_of_container_files_finds_nothing() -> None:
    linter = find_python_tools("lint") / "hadolint"
    done = subprocess.run(
        [linter, "--no-color", ROOT / "Containerfile"], capture_output=True, text=True, timeout=BOUND_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_workflow_tries_every_version_that_is_promised_on_both_systems() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    said = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert matrix["python"] == said
    assert {system.partition("-")[0] for system in matrix["system"]} == {"ubuntu", "macos"}
    steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    called = {call for step in steps for call in re.findall(r"\bmake ([a-z]+)", step)}
    assert called == {"test", "release"}
    assert called <= TARGETS


@pytest.mark.parametrize("path", [WORKFLOW, ROOT / "Containerfile", ROOT / "compose.yaml"], ids=lambda path: path.name)
def test_what_was_not_tried_says_so_at_its_top(path: Path) -> None:
    head = re.match(r"(#.*\n)+", path.read_text("utf-8"))
    assert head is not None
    assert "Untried" in head[0]


def test_the_image_has_no_rights_and_its_services_call_commands() -> None:
    image = (ROOT / "Containerfile").read_text("utf-8")
    assert re.findall(r"^USER (.*)$", image, re.M) == ["10001"]
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"].items():
        assert service["command"][0] == name
        assert parse(service["command"])
        assert service["cap_drop"] == ["ALL"]


def parse(words: list[str]) -> bool:
    """Whether click takes a call, which is not run; a file of the server that it is for need not be here."""
    try:
        load_command(words[0]).make_context(words[0], words[1:])
    except click.BadParameter as error:
        return "does not exist" in error.message
    return True


def test_every_line_of_cron_is_a_call() -> None:
    lines = []
    for page in ("configuration.md", "archivists.md"):
        text = (ROOT / "docs" / page).read_text("utf-8")
        lines += re.findall(r"^(?:[\d*]+ +){5}/\S+/embedarchive (.+)$", text, re.M)
    assert len(lines) >= 4
    for line in lines:
        assert parse(shlex.split(line))
    with pytest.raises(click.UsageError):
        parse(["crawl", "--no-such-option"])


def read_units() -> dict[str, str]:
    """The units of systemd in the documentation, by the name of their file."""
    text = (ROOT / "docs" / "archivists.md").read_text("utf-8")
    blocks = re.findall(r"^```ini\n# /etc/systemd/system/([\w.-]+)(.*?)^```", text, re.M | re.S)
    return {name: body.partition("\n")[2] for name, body in blocks}


def test_every_unit_of_systemd_calls_a_command_as_somebody_without_rights() -> None:
    units = read_units()
    assert {Path(name).suffix for name in units} == {".service", ".timer"}
    for name, unit in units.items():
        for line in re.findall(r"^ExecStart=(.*)$", unit, re.M):
            program, *words = shlex.split(line)
            assert Path(program).is_absolute(), name
            assert parse(words)
            assert re.search(r"^User=(?!root)\w+$", unit, re.M), name


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("NOT CHECKED by systemd-analyze, which is not here")
    units = read_units()
    for name, unit in units.items():
        (tmp_path / name).write_text(re.sub(r"/opt/\S+", sys.executable, unit), "utf-8")
    done = subprocess.run(
        [program, "verify", *units], cwd=tmp_path, capture_output=True, text=True, timeout=BOUND_S, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_words_for_contributors_name_what_there_is() -> None:
    words = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(re.findall(r"`?make ([a-z]+)", words)) <= TARGETS
    for place in re.findall(r"`((?:src|tests|docs|packaging)/[\w./]+)`|(tests/\w+\.py)|\]\((?!http)([^)#]+)\)", words):
        assert (ROOT / next(filter(None, place))).exists(), place


def test_the_site_of_the_documentation_is_built_without_a_warning(tmp_path: Path) -> None:
    sphinx = find_python_tools("docs") / "sphinx-build"
    build = [
        sphinx,
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "dirhtml",
        "-d",
        tmp_path / "doctrees",
        ROOT / "docs",
        tmp_path / "site",
    ]
    done = subprocess.run(build, capture_output=True, text=True, timeout=3 * BOUND_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    site = tmp_path / "site"
    for page in (ROOT / "docs").glob("*.md"):
        place = site / "index.html" if page.stem == "index" else site / page.stem / "index.html"
        assert place.exists(), page.name
    search = (site / "searchindex.js").read_text("utf-8")
    assert all(word in search for word in ("webhook", "erasur"))
    for name in (ROOT / "docs" / "images").iterdir():
        assert name.name in (site / "pictures" / "index.html").read_text("utf-8"), (
            "every picture is on the page of pictures"
        )
    assert "## Unreleased" not in (site / "changelog" / "index.html").read_text("utf-8")
    assert "Unreleased" in (site / "changelog" / "index.html").read_text("utf-8")
