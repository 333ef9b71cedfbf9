"""One operation of the api as data: the table of routes and the document are both made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.guard import guarded

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """Where, by whom, with what parameters, answering what; the endpoint's docstring is its description."""

    path: str
    endpoint: Endpoint
    parameters: type[BaseModel]
    group: str
    access: str
    """The scope it needs (api/access/scopes.py)."""
    answers: str = "application/json"
    shape: dict[str, Any] | None = None
    """JSON Schema of the answer, where it is JSON."""
    method: str = "GET"
    body: str | None = None
    """What the request's body is, where it has one (as text)."""
    unavailable: str = "Kafka or ClickHouse cannot answer now; Retry-After says when to ask again"

    def route(self) -> Route:
        """Where it is served."""
        return Route(self.path, guarded(self.endpoint, self.access), methods=[self.method])
