"""The addresses of the dashboard. `/` and `/static/` are open and say nothing; everything else wants the token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from runner.dashboard.guard import Guard, Rules
from runner.dashboard.hub import Hub
from runner.dashboard.page import render
from runner.dashboard.reader import Reader
from runner.dashboard.timeline import SPANS
from runner.errors import FxrunError

_STATIC = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}
_MOST_BODY = 2048  # bytes
_MOST_WORDS = 100


def application(reader: Reader, hub: Hub, rules: Rules) -> ASGIApp:
    """Return the dashboard as an ASGI application."""
    views = _Views(reader, hub)
    routes = [
        Route("/", _static("index.html")),
        *(Route(f"/static/{name}", _static(name)) for name in ("dashboard.css", "dashboard.js", "icon.svg")),
        Route("/view", views.overview),
        Route("/view/{lane}/{plan}", views.plan),
        Route("/events", views.events),
        Route("/control/halt", views.halt, methods=["POST"]),
        Route("/control/resume", views.resume, methods=["POST"]),
    ]

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.watch())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return Guard(Starlette(routes=routes, lifespan=living), rules)


def _static(name: str) -> Callable[[Request], Response]:
    file = _STATIC / name
    text = file.read_text(encoding="utf-8")

    def answer(_: Request) -> Response:
        return Response(text, media_type=_KINDS[file.suffix])

    return answer


class _Views:
    def __init__(self, reader: Reader, hub: Hub) -> None:
        self._reader = reader
        self._hub = hub

    def overview(self, request: Request) -> Response:
        """Answer with the first page."""
        span = request.query_params.get("span", "day")
        words = request.query_params.get("words", "")[:_MOST_WORDS]
        if span not in SPANS:
            return PlainTextResponse("span: expected day or week\n", 400)
        return HTMLResponse(render("overview.html", page=self._reader.overview(span, words), words=words))

    def plan(self, request: Request) -> Response:
        """Answer with the page of a plan."""
        lane, name = request.path_params["lane"], request.path_params["plan"]
        page = self._reader.plan(lane, name)
        if page is None:
            return HTMLResponse(render("gone.html", plan=name), 404)
        return HTMLResponse(render("plan.html", page=page))

    async def events(self, _: Request) -> Response:
        """Answer with a stream of what happens."""
        return StreamingResponse(self._hub.stream(), media_type="text/event-stream")

    async def halt(self, request: Request) -> Response:
        """Halt a lane, or all of them."""
        asked = await _asked(request, "halt")
        lanes = ["live", "simulate"] if asked.get("lane") == "all" else [str(asked.get("lane"))]
        return await self._do(lambda: self._reader.halt(lanes, cancel=asked.get("cancel") is True))

    async def resume(self, request: Request) -> Response:
        """Resume a lane, or a plan that is paused."""
        asked = await _asked(request, "resume")
        plan = asked.get("plan")
        name = plan if isinstance(plan, str) and plan else None
        return await self._do(lambda: self._reader.resume(str(asked.get("lane")), name))

    async def _do(self, act: Callable[[], list[str]]) -> Response:
        try:
            done = await run_in_threadpool(act)
        except FxrunError as error:
            return PlainTextResponse(f"{error}\n", 409)
        self._hub.tell()
        return JSONResponse({"done": done}) if done else PlainTextResponse("no such lane\n", 404)


async def _asked(request: Request, word: str) -> dict[str, object]:
    """Read the body of a change; it must have the word that somebody has typed."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY:
            raise HTTPException(413, "too long")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("confirm") != word:
        raise HTTPException(400, f"expected JSON with the word {word} as confirm")
    return found
