"""Bytes that were not handed on -> their names on standard error, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping

import click

from embedarchive.core.errors import ExitCode
from embedarchive.store.fixity import say_damaged


def tell_damaged(damaged: Mapping[str, str]) -> ExitCode:
    """Name what was left out because it is damaged, as sha256 -> what is wrong with it; give DAMAGED, or DONE for none."""
    if not damaged:
        return ExitCode.DONE
    click.secho(say_damaged(damaged), fg="red", err=True)
    return ExitCode.DAMAGED
