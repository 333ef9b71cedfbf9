"""The conformance suite in its shortest form, against an api of its own on the run's broker, which nobody may kill."""

import time
from collections.abc import Iterator

import pytest

from api.catalogue import LIVE
from tests.conformance.__main__ import ALL, ISSUER, OWN, SECRET
from tests.conformance.deployment import Deployment, Kafka, Subject
from tests.conformance.sequences import same
from tests.conformance.suite import TINY, Check, Size, Unasked, Unmet, run, table
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.mentions import Publisher
from tests.support.topics import create_topics

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def deployment(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    prefix = f"conformance{time.time_ns()}."
    create_topics(kafka.bootstrap, prefix, LIVE)
    api = Api(kafka.bootstrap, prefix, tmp_path_factory.mktemp("api") / "api.log", **OWN).start()
    topics = Kafka(kafka.bootstrap, prefix, Publisher(kafka.bootstrap, prefix))
    yield Deployment(api.url, kafka=topics, api=api, secret=(SECRET, ISSUER))
    api.stop()


@pytest.mark.parametrize("check", [one for one in ALL if "broker" not in one.needs], ids=lambda one: one.name)
def test_it_is_kept(deployment: Deployment, check: Check) -> None:
    (outcome,) = run(deployment, [check], TINY, lambda _: None)
    assert outcome.state == "kept", outcome.detail


def test_what_is_broken_or_cannot_be_asked_is_told() -> None:
    def broken(_: Deployment, __: Size) -> str:
        raise Unmet("it is not so")

    def unasked(_: Deployment, __: Size) -> str:
        raise Unasked("not here")

    checks = [Check("a", broken), Check("b", unasked), Check("c", lambda _, __: "yes", ("broker", "api"))]
    told: list[str] = []
    found = run(Deployment("http://127.0.0.1:9"), checks, TINY, lambda one: told.append(one.name))
    assert [(one.state, one.detail) for one in found] == [
        ("broken", "Unmet: it is not so"),
        ("skipped", "not here"),
        ("skipped", "needs broker, api"),
    ]
    assert told == ["a", "b", "c"]
    assert table(found).endswith("0 kept, 1 broken, 2 skipped")


def test_an_api_that_is_not_there_keeps_nothing() -> None:
    outside = [one for one in ALL if not one.needs]
    found = run(Deployment("http://127.0.0.1:9"), outside[1:2], TINY, lambda _: None)
    assert [one.state for one in found] == ["broken"]


def test_a_loss_a_repeat_and_a_wrong_order_are_seen(deployment: Deployment) -> None:
    subject = Subject(deployment)
    subject.said = [(0, 1), (1, 2), (0, 3), (1, 4)]
    same(subject, [(1, 2), (0, 1), (1, 4), (0, 3)])
    for seen, why in (
        ([(0, 1), (1, 2), (0, 3)], "1 missing"),
        ([*subject.said, (0, 3)], "1 more than once"),
        ([(0, 3), (0, 1), (1, 2), (1, 4)], "out of order"),
        ([*subject.said, (2, 5)], "other partitions"),
    ):
        with pytest.raises(Unmet, match=why):
            same(subject, seen)
