"""A document's place in a page: what can be asked of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from embedarchive.browser.cdp import ProtocolError, ScriptError, Session

_WORLD = "embedarchive"


@dataclass(eq=False)
class PageFrame:
    """A document's place in a page; `session` is where its process is spoken to."""

    id: str
    parent: PageFrame | None
    session: Session
    url: str = ""

    async def evaluate(self, expression: str, *, isolated: bool = True) -> Any:
        """Give what an expression comes to, in a world of its own or in that of the page's scripts.

        Raises ProtocolError, and ScriptError when it throws.
        """
        options: dict[str, Any] = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        if isolated:
            where = {"frameId": self.id, "worldName": _WORLD}
            world = await self.session.send("Page.createIsolatedWorld", where)
            options["contextId"] = world["executionContextId"]
        answer = await self.session.send("Runtime.evaluate", options)
        if "exceptionDetails" in answer:
            raise ScriptError(str(answer["exceptionDetails"].get("text")))
        return answer["result"].get("value")

    async def call(self, function: str, *arguments: Any) -> Any:
        """Call a function with data, in a world of its own. Raises as `evaluate` does."""
        return await self.evaluate(f"({function})({', '.join(map(json.dumps, arguments))})")

    async def find_box(self) -> tuple[float, float, float, float]:
        """Where its element stands in the window: x, y, width, height. Raises ProtocolError when it is not drawn."""
        if self.parent is None:
            raise ProtocolError("a page is in no frame")
        owner = await self.parent.session.send("DOM.getFrameOwner", {"frameId": self.id})
        model = await self.parent.session.send("DOM.getBoxModel", {"backendNodeId": owner["backendNodeId"]})
        xs, ys = model["model"]["border"][::2], model["model"]["border"][1::2]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
