"""Following requests: what goes wrong is said and tried again, or ends the process; never silent."""

from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from producers.requests import follow
from producers.requests.follow import Requests
from producers.settings import ProducerSettings
from schemas.errors import Fatal
from schemas.registry import PinnedIds


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, then: Event) -> Requests:
    """One whose first reading fails so; the second sets `then`."""
    errors = [error]

    def read(requests: Requests, _: Any) -> None:
        if errors:
            raise errors.pop()
        then.set()

    monkeypatch.setattr(follow, "schema_ids", lambda _: PinnedIds())
    monkeypatch.setattr(follow, "_AGAIN_S", 0.01)
    monkeypatch.setattr(Requests, "_read", read)
    return Requests(ProducerSettings(), ["reddit"])


def test_the_unexpected_is_said_and_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    again, failed = Event(), Event()
    requests = failing(monkeypatch, ValueError("odd"), again)
    with capture_logs() as logs:
        requests.start(failed.set)
        assert again.wait(30)
        requests.close()
    assert not failed.is_set()
    assert [(one["event"], one["why"]) for one in logs] == [("requests_broke", "ValueError: odd")]


def test_what_is_hopeless_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    again, failed = Event(), Event()
    requests = failing(monkeypatch, Fatal("no such schema"), again)
    requests.start(failed.set)
    assert failed.wait(30)
    with pytest.raises(Fatal, match="no such schema"):
        requests.close()
    assert not again.is_set()
