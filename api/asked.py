"""What a client of the stream asks for, read from its query; most clients ask what another asked before, which is not read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from starlette.datastructures import QueryParams

from api.access.scopes import of_topics
from api.filters import Filter
from api.parameters import StreamParameters, read

_PLACE = {"topics", "since", "last_event_id"}
"""What says where a stream starts and of what it is; everything else narrows it."""
_KNOWN = 512
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """Parameters, and what is made of them: shared by all who ask the same, so nobody may change it.

    `narrowing` is what the `open` event says of the filter; `scopes` what must be held for it; `resumes`: it says where to start. `of_now` is
    what the `open` event says besides, where it does not.
    """

    parameters: StreamParameters
    narrowing: Mapping[str, Any]
    scopes: Sequence[str]
    resumes: bool
    of_now: Mapping[str, Any]
    _filter: Filter

    def filter(self, owner: str | None) -> Filter:
        """The filter; `owner` is whose alerts are shown besides everyone's."""
        return self._filter if owner is None else replace(self._filter, owner=owner)


def asked(query: bytes) -> Asked:
    """What a query string asks for. Raises Invalid."""
    # Positions and times differ from client to client, and would push out what is asked again.
    own = len(query) > _LONGEST or b"last_event_id" in query or b"since" in query
    return _read(query) if own else _known(query)


def _read(query: bytes) -> Asked:
    parameters = read(StreamParameters, QueryParams(query))
    narrowing = parameters.model_dump(exclude=_PLACE, exclude_defaults=True)
    return Asked(
        parameters,
        narrowing,
        of_topics(parameters.topics),
        parameters.since is not None or any(parameters.last_event_id),
        said(None, None, narrowing),
        parameters.filter(),
    )


def said(requested: str | None, since: int | None, narrowing: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the `open` event says of what was asked for."""
    return {"requested": requested, "since": since, "filter": narrowing}


_known = lru_cache(maxsize=_KNOWN)(_read)
