"""Meta's Graph API, with every failure as a decision: its errors are told by codes, whatever the HTTP status."""

from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import SecretStr

from producers.base import Lasting
from producers.fields import part
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from producers.web.refusals import Status
from schemas.errors import Backpressure, Fatal, Retryable

_HOST = "https://graph.facebook.com"
_CALLS = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
"""Too many calls, of an app, a user, a page or a business."""
_CALLS_S = 3_600.0
"""The windows of these limits are an hour."""
_HASHTAGS, _HASHTAGS_S = 18, 86_400.0
_PASSING = frozenset({1, 2})
_DENIED = frozenset({3, 10, 102, 190, *range(200, 300)})
_STATUS_DENIED = frozenset({401, 403})


class Graph:
    """Reads with one token; used by one thread at a time."""

    def __init__(self, settings: ProducerSettings, token: SecretStr | None, setting: str) -> None:
        """`setting` is named where the token is missing or refused."""
        given = token.get_secret_value() if token else ""
        if not given:
            raise Fatal(f"{setting} is not set: an access token of Meta's Graph API")
        self._setting = setting
        self._base = f"{settings.graph_url.rstrip('/') or _HOST}/{settings.graph_version}/"
        self._code: int | None = None
        self._fetcher = Fetcher(
            settings,
            web_limits(settings),
            "application/json",
            secrets={"authorization": f"Bearer {given}"},
            explain=self._explain,
        )

    def one(self, path: str, where: Mapping[str, str], stop: Event) -> Mapping[str, Any]:
        """One answer. Raises Backpressure, Lasting or Retryable."""
        self._code = None
        try:
            answer = self._fetcher.get(f"{self._base}{path}?{urlencode(where)}", None, None, stop)
        except Status as error:
            raise self._decided(error) from error
        try:
            found = orjson.loads(answer.body if answer else b"")
        except orjson.JSONDecodeError as error:
            raise Retryable(f"an answer that cannot be read: {error}") from error
        if not isinstance(found, dict):
            raise Retryable("an answer that cannot be read: it is no object")
        return found

    def pages(self, path: str, where: Mapping[str, str], stop: Event) -> Iterator[list[Any]]:
        """The pages of a list. Raises as `one`."""
        after: str | None = None
        while True:
            answer = self.one(path, where if after is None else {**where, "after": after}, stop)
            data, paging = answer.get("data"), part(answer, "paging")
            if not isinstance(data, list):
                raise Retryable("an answer that cannot be read: it has no data")
            yield data
            following = part(paging, "cursors").get("after")
            if "next" not in paging or not isinstance(following, str):
                return
            after = following

    def _decided(self, error: Status) -> Retryable:
        told = str(error)
        if self._code in _CALLS:
            return Backpressure(told, retry_after=_CALLS_S)
        if self._code == _HASHTAGS:
            return Backpressure(told, retry_after=_HASHTAGS_S)
        if self._code in _PASSING:
            return Retryable(told)
        if self._code in _DENIED or (self._code is None and error.status in _STATUS_DENIED):
            return Lasting(f"{told}: Meta does not accept {self._setting} for this", denied=True)
        return Lasting(told)

    def _explain(self, body: bytes) -> str:
        """The code of an error and its message."""
        try:
            error = part(orjson.loads(body), "error")
        except (orjson.JSONDecodeError, AttributeError):
            return ""
        code = error.get("code")
        self._code = code if isinstance(code, int) else None
        return f"{code}: {str(error.get('message') or '')[:200]}"
