"""The commands of a farm: several machines that visit posts for one archive."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

import click

from embedarchive.cli.groups import Group
from embedarchive.cli.options import DOOR_OPTIONS, take_settings, with_options
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.core.shell import say_command

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AT_HOME = ("127.0.0.1", "localhost", "::1")
ASKED = "https://www.cloudflare.com/cdn-cgi/trace"
HERE = "tcp://127.0.0.1:8786"


@click.group(cls=Group)
def farm() -> None:
    """Let several machines visit posts for one archive (needs: pip install 'embedarchive[farm]').

    One machine has the archive and runs crawl, capture, check or watch with --farm; the others run a worker, and keep nothing.
    Whoever reaches a scheduler can run anything on its workers: beyond one machine give it certificates (tls://).

    \b
    embedarchive farm start                            the scheduler, on one machine
    embedarchive farm worker tcp://127.0.0.1:8786      on each machine
    embedarchive crawl @articles.txt --farm tcp://127.0.0.1:8786
    """


@farm.command(short_help="Be the scheduler through which runs and workers meet.")
@click.argument("address", default=HERE, metavar="[ADDRESS]")
@click.option("--dashboard", is_flag=True, help="Serve Dask's own pages of it, on this machine only (needs bokeh).")
@click.option("--plain", is_flag=True, help="Listen beyond this machine without TLS: in a network that is yours alone.")
def start(address: str, dashboard: bool, plain: bool) -> int:
    """Be the scheduler through which runs and workers meet, until Ctrl-C. ADDRESS is tcp://127.0.0.1:8786 if none is given.

    tls://0.0.0.0:8786 lets other machines join that hold your certificate, as Dask's own settings name it
    (docs: Crawl with several machines).
    """
    from embedarchive.run.services import check_farm

    check_farm(address, "scheduler")
    at = urlsplit(address)
    if at.scheme == "tcp" and at.hostname not in AT_HOME and not plain:
        raise UsageError(
            f"Whoever reaches {address} could run anything on your workers. Use tls:// with a certificate, or --plain in a "
            "network that is yours alone. Nothing was done."
        )
    from embedarchive.run.farm_worker import serve_scheduler

    return asyncio.run(serve(serve_scheduler(address, dashboard=dashboard, tell=tell)))


@farm.command(short_help="Visit posts for whoever runs with --farm.")
@click.argument("address", metavar="ADDRESS")
@click.option("--tabs", type=click.IntRange(1, 16), default=3, show_default=True, help="Posts at once.")
@click.option("--name", help="What captures and messages call this machine.  [default: its host name]")
@click.option("--ask-address", metavar="URL", default=ASKED, show_default=True,
              help="Ask there once an hour, through the same door, what address platforms see; '' asks nobody.")  # fmt: skip
@with_options(tuple(DOOR_OPTIONS[:-1]))
def worker(address: str, name: str | None, ask_address: str, **values: Any) -> int:
    """Visit posts for whoever runs with --farm ADDRESS, until Ctrl-C. This machine keeps nothing.

    It needs the version of embedarchive and of the browser that the machine with the archive has, and is told how to get them.

    \b
    embedarchive farm worker tls://archive.example:8786 --tabs 4
    """
    from embedarchive.run.services import check_farm

    check_farm(address, "worker")
    settings = take_settings(values)
    from embedarchive.run.farm_worker import FarmHand, name_machine, serve_farm

    hand = FarmHand(settings, name or name_machine(), ask_address)
    return asyncio.run(serve(serve_farm(address, hand, tell)))


@farm.command(short_help="Say which machines work for a farm, and how they are.")
@click.argument("address", metavar="ADDRESS")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def status(address: str, as_json: bool) -> int:
    """Say which machines work for a farm: versions, tabs, load, memory, visits, walls, address as platforms see it."""
    from embedarchive.run.services import check_farm

    check_farm(address)
    from embedarchive.run.farm import ask_states

    states = asyncio.run(ask_states(address))
    for state in states:
        click.echo(json.dumps(state) if as_json else say_state(state))
    if not states:
        click.echo(f"No worker there. Start one: {say_command('embedarchive', 'farm', 'worker', address)}", err=True)
    if any(each["refused"] for each in states):
        return ExitCode.IN_PART
    return ExitCode.DONE


async def serve(work: Coroutine[Any, Any, None]) -> int:
    """Serve until a signal comes: Ctrl-C is how it is ended, and gives 0."""
    serving = asyncio.ensure_future(work)
    received: list[int] = []

    def end(number: int) -> None:
        received.append(number)
        serving.cancel()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    if signal.SIGTERM in received:
        return ExitCode.ENDED
    return ExitCode.DONE


def say_state(state: Mapping[str, Any]) -> str:
    """A worker in a line."""
    if state["refused"]:
        return f"{state['name']:<16} gets no work: {state['refused']}"
    return (
        f"{state['name']:<16} {state['tabs']} tabs, {state['visits']} visits since {state['since']}, {state['walls']} walls, "
        f"load {state['load']}, {state['resident_mb']} MB, seen as {state['address'] or 'not asked'}"
    )


def tell(text: str) -> None:
    click.echo(text, err=True)
