"""What Datasette 0.65 and 1.0 do differently, behind one name each."""

from __future__ import annotations

from typing import Any


def is_1_0(datasette: Any) -> bool:
    return hasattr(datasette, "ensure_permission")


def quiet_tracebacks() -> None:
    """Let a wrong address be a 404 again.

    Where rich is installed, and we need it, Datasette prints every error with it, also those that were never raised;
    for these rich itself raises, and the reader gets a bare 500. It would print all local variables too.
    """
    from datasette import handle_exception

    handle_exception.rich = None


async def ensure_table(datasette: Any, actor: Any, database: str, table: str) -> None:
    """Raise datasette.Forbidden unless the actor may see the table."""
    if is_1_0(datasette):
        from datasette.resources import TableResource

        await datasette.ensure_permission(action="view-table", resource=TableResource(database, table), actor=actor)
        return
    # In 0.65 the first answer that is not None decides, so the narrowest comes first.
    asked = [("view-table", (database, table)), ("view-database", database), "view-instance"]
    await datasette.ensure_permissions(actor, asked)


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
    await datasette.set_database_metadata(database, "description", about)
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
