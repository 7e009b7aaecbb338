"""What Datasette 0.65 and 1.0 do differently, behind one name each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from time import perf_counter
from typing import Any

from embedarchive.viewer.bounds import note_deadline


def is_1_0(datasette: Any) -> bool:
    return hasattr(datasette, "ensure_permission")


def quiet_tracebacks() -> None:
    """Let a wrong address be a 404 again, and a function's error in a question be an answer to that question alone.

    Where rich is installed, and we need it, Datasette prints every error with it, also those that were never raised;
    for these rich itself raises, and the reader gets a bare 500. It would print all local variables too. And it lets
    sqlite3 print what a function raises, which is how ours say that the time is up, or that a text is too long.
    """
    from datasette import handle_exception
    from datasette.utils.sqlite import sqlite3

    handle_exception.rich = None
    sqlite3.enable_callback_tracebacks(False)


def read_options(datasette: Any) -> dict[str, Any]:
    """What an instance's configuration says under `plugins: embedarchive`, read once."""
    if not hasattr(datasette, "_embedarchive_options"):
        datasette._embedarchive_options = datasette.plugin_config("embedarchive") or {}
    return datasette._embedarchive_options  # type: ignore[no-any-return]


def configure(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments with which a Datasette is made that has these options of ours."""
    from datasette.app import Datasette

    named = Datasette.__init__.__code__.co_varnames
    return {"config" if "config" in named else "metadata": {"plugins": {"embedarchive": options}}}


def look_at_the_clock_every(steps: int) -> None:
    """Let Datasette look whether a question's time is up after so many steps of SQLite's machine, where it takes 1000.

    A step may be a function over a long text, and a thousand of them a minute.
    """
    from datasette import database

    @contextmanager
    def limit(conn: Any, milliseconds: float) -> Iterator[None]:
        with limit_time(conn, milliseconds, steps):
            yield

    database.sqlite_timelimit = limit


@contextmanager
def limit_time(conn: Any, milliseconds: float, steps: int) -> Iterator[None]:
    """Interrupt what the connection does after that time."""
    deadline = perf_counter() + milliseconds / 1000
    conn.set_progress_handler(lambda: perf_counter() >= deadline, steps)
    note_deadline(conn, deadline)
    try:
        yield
    finally:
        note_deadline(conn, inf)
        conn.set_progress_handler(None, steps)


async def ensure_tables(datasette: Any, actor: Any, database: str, tables: Sequence[str]) -> None:
    """Raise datasette.Forbidden unless the actor may see all the tables, which bear the very names they have there."""
    if is_1_0(datasette):
        from datasette.resources import TableResource

        for table in tables:
            resource = TableResource(database, table)
            await datasette.ensure_permission(action="view-table", resource=resource, actor=actor)
        return
    # In 0.65 the first answer that is not None decides, so the narrowest comes first. Datasette's own way to ask about a
    # table looks its name up in the file each time, in a thread; of the 8 ms of a picture that took 6.
    asked = [await _ask_hooks(datasette, actor, "view-table", (database, table)) for table in tables]
    if not all(asked):
        from datasette.utils.asgi import Forbidden

        if False in asked:
            raise Forbidden("view-table")
        await datasette.ensure_permissions(actor, [("view-database", database), "view-instance"])


async def may_see_table(datasette: Any, actor: Any, database: str, table: str) -> bool:
    """Whether the actor may see the table."""
    from datasette.utils.asgi import Forbidden

    try:
        await ensure_tables(datasette, actor, database, (table,))
    except Forbidden:
        return False
    return True


async def _ask_hooks(datasette: Any, actor: Any, action: str, resource: Any) -> bool | None:
    """What the plugins and the configuration say, the last word counting, as in Datasette.permission_allowed of 0.65."""
    from datasette.plugins import pm
    from datasette.utils import await_me_maybe

    result = None
    for answer in pm.hook.permission_allowed(datasette=datasette, actor=actor, action=action, resource=resource):
        told = await await_me_maybe(answer)
        result = result if told is None else bool(told)
    return result


async def may_see_database(datasette: Any, actor: Any, database: str) -> bool:
    """Whether the actor may see the database."""
    if is_1_0(datasette):
        from datasette.resources import DatabaseResource

        return bool(await datasette.allowed(action="view-database", resource=DatabaseResource(database), actor=actor))
    seen, _ = await datasette.check_visibility(actor, permissions=[("view-database", database), "view-instance"])
    return bool(seen)


async def set_descriptions(datasette: Any, database: str, about: str, tables: dict[str, dict[str, Any]]) -> None:
    """Tell 1.0 what the database, its tables and columns mean; 0.65 asks through its `get_metadata` hook instead."""
    if not is_1_0(datasette):
        return
    await datasette.set_database_metadata(database, "description_html", about)
    for table, meaning in tables.items():
        await datasette.set_resource_metadata(database, table, "description", meaning["description"])
        for column, text in meaning["columns"].items():
            await datasette.set_column_metadata(database, table, column, "description", text)


async def add_queries(datasette: Any, database: str, queries: dict[str, dict[str, str]]) -> None:
    """Tell 1.0 the saved queries; 0.65 asks through its `canned_queries` hook instead."""
    if not is_1_0(datasette):
        return
    for name, query in queries.items():
        await datasette.add_query(
            database, name, query["sql"], title=query["title"], description=query["description"], is_trusted=True
        )


def keep_out_of(datasette: Any, closed: Sequence[str]) -> Any:
    """What lets 1.0 allow an action in all databases but these, whatever its configuration says; 0.65 asks each time."""
    from datasette.permissions import PermissionSQL

    others = [name for name in datasette.databases if name not in closed]
    params = {f"open_{number}": name for number, name in enumerate(others)}
    rows = [f"SELECT :{name} AS parent, NULL AS child" for name in params]
    nothing = "SELECT NULL AS parent, NULL AS child WHERE 0"
    return PermissionSQL(params=params, restriction_sql=" UNION ALL ".join(rows) or nothing)
