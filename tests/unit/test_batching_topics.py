"""Topics of a stage at its start: a broker that is not ready yet is asked again, anything else is told."""

import pytest
from aiokafka.errors import KafkaError, NodeNotReadyError, TopicAuthorizationFailedError

from processors.batching import changelog
from processors.batching.tuning import Tuning


async def prepared(monkeypatch: pytest.MonkeyPatch, *answers: KafkaError) -> int:
    """Prepare nothing with a Kafka that first answers so; how often it was asked."""
    left = list(answers)
    asked = 0

    async def answer(*_: object) -> None:
        nonlocal asked
        asked += 1
        if left:
            raise left.pop(0)

    monkeypatch.setattr(changelog, "_prepare", answer)
    monkeypatch.setattr(changelog, "_PAUSE_S", 0.0)
    await changelog.prepare_topics({}, (), (), 4, Tuning())
    return asked


async def test_a_broker_that_is_not_ready_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await prepared(monkeypatch, NodeNotReadyError(), NodeNotReadyError()) == 3


async def test_a_refusal_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await prepared(monkeypatch, TopicAuthorizationFailedError())


async def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "_PATIENCE_S", -1.0)
    with pytest.raises(NodeNotReadyError):
        await prepared(monkeypatch, NodeNotReadyError())
