"""A request for what is estimated of an archive -> a page, a figure, a table: posts that live, articles with holes."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from datasette.utils.asgi import Response

from embedarchive.core.shell import say_command
from embedarchive.export.csv import write_csv
from embedarchive.library.estimates import AGES, GROUPINGS
from embedarchive.show import plots
from embedarchive.viewer.archives import open_archive
from embedarchive.viewer.counting import rot_of, survival_of
from embedarchive.viewer.pages import show

FIGURE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}
NOT_YET = "It is being estimated; look again in a moment.\n"


@dataclass(frozen=True, slots=True)
class _Study:
    """One thing that can be estimated: the views it reads, who estimates it, and how it is drawn, listed and explained."""

    name: str
    title: str
    usual: str
    reads: tuple[str, ...]
    ask: Callable[[Any, Any, str], Awaitable[Any]]
    draw: Callable[..., str]
    tabulate: Callable[[Any], tuple[tuple[str, ...], Any]]
    explain: Callable[[Any], tuple[str, ...]]


STUDIES = {
    "survival": _Study(
        "survival", "How long posts live", "platform", ("lifetimes", "current_descriptions"), survival_of,
        plots.render_survival, plots.list_curves, plots.say_survival_notes,
    ),
    "rot": _Study(
        "rot", "Articles with holes", "outlet", ("current_embeds", "current_descriptions"), rot_of,
        plots.render_rot, plots.list_shares, plots.say_rot_notes,
    ),
}  # fmt: skip


async def show_study(datasette: Any, request: Any) -> Response:
    """The page, or with .svg or .csv at its end the figure or the table alone."""
    study = STUDIES[request.url_vars["study"]]
    form = request.url_vars.get("form")
    database = await open_archive(datasette, request, *study.reads)
    asked = request.args.get("by") or study.usual
    by = asked if asked in GROUPINGS else study.usual
    told = await study.ask(datasette, database, by)
    if form and told is None:
        return Response.text(NOT_YET, status=503, headers={"retry-after": "10"})
    if form == ".svg":
        return Response(
            study.draw(told, with_notes=request.args.get("notes") != "no"),
            headers=FIGURE_HEADERS,
            content_type="image/svg+xml; charset=utf-8",
        )
    if form == ".csv":
        sheet = io.StringIO()
        write_csv(*study.tabulate(told), sheet)
        name = {"content-disposition": f'attachment; filename="{study.name}-by-{by}.csv"'}
        return Response(sheet.getvalue(), headers=name, content_type="text/csv; charset=utf-8")
    return await show(
        datasette, request, database, "study.html",
        study=study,
        told=told,
        by=by,
        groupings=GROUPINGS,
        ages=AGES,
        plots=plots,
        command=say_command("embedarchive", "stats", study.name, "--by", by),
    )  # fmt: skip
