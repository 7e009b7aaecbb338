"""Events of a run -> a file with one JSON object a line, each with its time; for whoever reads a run that nobody watched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedarchive.core import clock
from embedarchive.core.errors import UsageError
from embedarchive.run.ledger import Event
from embedarchive.run.report import Report, Tally

if TYPE_CHECKING:
    from embedarchive.run.session import Watcher


class LogFile:
    """A watcher that appends all that it is told to a file, and tells it on to another. Raises UsageError at once."""

    def __init__(self, path: Path, command: str, watcher: Watcher) -> None:
        self.watcher = watcher
        self.path = path
        self.command = command
        self.tally = Tally()
        try:
            with path.open("a", encoding="utf-8"):
                pass
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}). Nothing was done.") from error

    def write(self, what: str, values: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": clock.now(), "what": what} | dict(values), ensure_ascii=False) + "\n")

    def begin(self, tally: Tally) -> None:
        self.tally = tally
        self.write("begin", {"command": self.command})
        self.watcher.begin(tally)

    def emit(self, event: Event) -> None:
        self.write(event.what, {name: value for name, value in asdict(event).items() if name != "what"})
        self.watcher.emit(event)

    def note(self, text: str) -> None:
        self.write("note", {"text": text})
        self.watcher.note(text)

    def end(self, report: Report) -> None:
        self.write("end", {"ended": report.ended, "exit_code": int(report.exit_code)} | self.tally.summary())
        self.watcher.end(report)
