"""GET /, /docs and /static/…: the web page and the documentation of the api, from the files in api/page."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parents[1] / "page"
_INDEX = "index.html"
_DOCS = "docs.html"
_REVALIDATE = "no-cache"
"""Caches may keep a file, and must ask with its etag before they use it."""


class PageFiles(StaticFiles):
    """Files with an etag, asked for again each time: 304 where nothing changed."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """As Starlette does, plus how caches are to treat it."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # handed through as they come
        response.headers["Cache-Control"] = _REVALIDATE
        return response


async def index(request: Request) -> Response:
    """The page itself."""
    return await _FILES.get_response(_INDEX, request.scope)


async def docs(request: Request) -> Response:
    """The documentation: reads the OpenAPI document and shows it."""
    return await _FILES.get_response(_DOCS, request.scope)


_FILES = PageFiles(directory=FOLDER, check_dir=False)


def routes() -> list[Route | Mount]:
    """The pages and their files."""
    return [Route("/", index), Route("/docs", docs), Mount("/static", _FILES)]
