"""Topics, keywords and progress on real Kafka; the broker moves to other ports."""

import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from deploy.control import ControlTopic, read_seeds, seed_once
from deploy.keywords import KeywordSeed, slug
from deploy.progress import Progress, wait
from deploy.topics import ensure_topics
from schemas.clients import consumer_config, producer_config
from schemas.errors import Fatal, Retryable
from schemas.flow import FLOW, step
from schemas.positions import Owed, pending_metadata, range_metadata
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS
from tests.support.broker import Broker
from tests.support.ports import free_port
from tests.support.until import until


@pytest.fixture
def settings(kafka: Broker, prefix: str) -> KafkaSettings:
    return KafkaSettings(kafka=kafka.bootstrap, topic_prefix=prefix)


@pytest.fixture
def ready(settings: KafkaSettings) -> KafkaSettings:
    ensure_topics(settings)
    return settings


def test_topics_are_created_once_as_the_catalogue_says(settings: KafkaSettings) -> None:
    assert len(ensure_topics(settings)) == len(TOPICS)
    assert ensure_topics(settings) == []
    admin = AdminClient({"bootstrap.servers": settings.kafka})
    known = admin.list_topics(timeout=60).topics
    for topic in TOPICS.values():
        name = topic.full_name(settings.topic_prefix)
        assert len(known[name].partitions) == topic.partitions(settings.partitions)
        described = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)])
        config = next(iter(described.values())).result(60)
        assert {key: config[key].value for key in topic.config()} == topic.config()


def test_a_changed_setting_reaches_topics_that_exist(ready: KafkaSettings) -> None:
    admin = AdminClient({"bootstrap.servers": ready.kafka})
    name = TOPICS["posts"].full_name(ready.topic_prefix)
    strayed = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[strayed])

    def retention() -> str | None:
        described = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)])
        value: str | None = next(iter(described.values())).result(60)["retention.ms"].value
        return value

    next(iter(admin.incremental_alter_configs([resource]).values())).result(60)
    # Acknowledged by the controller, told by the broker a moment later: ours, too.
    until(lambda: retention() == "1000", "the stray setting")
    ensure_topics(ready)
    until(lambda: retention() == str(7 * 86_400_000), "the right one")


def test_another_partition_count_is_refused(ready: KafkaSettings) -> None:
    with pytest.raises(Fatal, match=r"has 4 partitions, the settings say 6.*DENYUT_PARTITIONS"):
        ensure_topics(ready.model_copy(update={"partitions": 6}))


def test_a_broker_that_is_not_there_is_retryable(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = KafkaSettings(kafka=f"127.0.0.1:{free_port()}")
    monkeypatch.setattr("deploy.topics._TIMEOUT_S", 0.5)
    with pytest.raises(Retryable, match="Kafka"):
        ensure_topics(nowhere)
    with pytest.raises(Retryable, match="Kafka"):
        Progress(nowhere, timeout_s=0.5).lag(step("enrich"))


def test_keywords_are_added_replaced_listed_and_removed(ready: KafkaSettings) -> None:
    topic = ControlTopic(ready, "keywords")
    assert topic.current() == {}
    assert topic.put_seeds(
        [KeywordSeed(text="Bank Central Asia"), KeywordSeed(text="IHSG", priority=5)], 1
    ) == [
        "bank-central-asia",
        "ihsg",
    ]
    topic.put_seeds([KeywordSeed(text="IHSG", category="index", languages=("id",))], 2)
    assert topic.current()["ihsg"] == {
        "id": "ihsg",
        "text": "IHSG",
        "category": "index",
        "priority": 3,
        "active": True,
        "languages": ["id"],
        "query": None,
        "monitoring_start": None,
        "updated_at": 2,
    }
    assert topic.remove(["ihsg", "unknown"]) == ["ihsg"]
    assert list(topic.current()) == ["bank-central-asia"]
    assert topic.remove(["ihsg"]) == []


def test_seeding_adds_what_is_new_and_leaves_removed_ones_removed(
    ready: KafkaSettings, tmp_path: Path
) -> None:
    topic, remembered = ControlTopic(ready, "keywords"), tmp_path / "seeded"
    first = [KeywordSeed(text="satu"), KeywordSeed(text="dua")]
    assert seed_once(topic, first, remembered, 1) == ["satu", "dua"]
    topic.remove(["satu"])
    assert seed_once(topic, first, remembered, 2) == []
    assert seed_once(topic, [*first, KeywordSeed(text="tiga")], remembered, 3) == ["tiga"]
    assert sorted(topic.current()) == ["dua", "tiga"]
    # Without the memory, what somebody changed is still not overwritten.
    topic.put_seeds([KeywordSeed(text="Dua!", id="dua")], 4)
    seed_once(topic, first, tmp_path / "lost", 5)
    assert topic.current()["dua"]["text"] == "Dua!"


def test_keyword_files_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "keywords.toml"
    path.write_text('[[keywords]]\ntext = "Rupiah"\npriority = 4\nlanguages = ["id", "en"]\n')
    assert read_seeds(path, "keywords", KeywordSeed) == [
        KeywordSeed(text="Rupiah", priority=4, languages=("id", "en"))
    ]
    assert slug("  Bank Indonesia: suku bunga ") == "bank-indonesia-suku-bunga"
    for wrong in ("[[keywords]", "[[keywords]]\npriority = 3\n", '[[keywords]]\ntext = "a"\npriority = 9\n'):
        path.write_text(wrong)
        with pytest.raises(Fatal, match=r"keywords\.toml"):
            read_seeds(path, "keywords", KeywordSeed)
    with pytest.raises(
        Fatal, match=r"keywords\.toml, table 1: priority: Input should be less than or equal to 5$"
    ):
        read_seeds(path, "keywords", KeywordSeed)
    with pytest.raises(Fatal, match="No such file"):
        read_seeds(tmp_path / "none.toml", "keywords", KeywordSeed)


class Flow:
    """Plays the stages: publishes transactionally, commits where a stage would."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self.progress = Progress(settings)

    def publish(self, name: str, records: int, *, commit: bool = True) -> Producer:
        """`records` in one transaction to partition 0; its producer, so that an open one can be ended."""
        producer = Producer(
            {
                **producer_config(self._settings, "test"),
                "transactional.id": f"{self._settings.topic_prefix}{name}",
            }
        )
        producer.init_transactions(60)
        producer.begin_transaction()
        for _ in range(records):
            producer.produce(TOPICS[name].full_name(self._settings.topic_prefix), value=b"x", partition=0)
        producer.flush(60)
        if commit:
            producer.commit_transaction(60)
            self.settled(name)
        return producer

    def settled(self, name: str) -> None:
        """Return when the markers of the last transaction are written."""
        reader = next(which for which in FLOW if name in which.inputs)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                standings = self.progress.standings(reader)
            except Retryable:
                # The coordinator of a group that is just coming into being may still be loading.
                continue
            if all(standing.end == standing.stable for standing in standings):
                return
        raise AssertionError(f"the transaction on {name} did not end")

    def commit(self, name: str, metadata: str = "", only: str | None = None) -> None:
        """The step's group commits the last stable offset of its inputs."""
        which = step(name)
        group = which.group(self._settings.topic_prefix)
        consumer = Consumer(consumer_config(self._settings, "test", group))
        consumer.commit(
            offsets=[
                TopicPartition(standing.topic, standing.partition, standing.stable, metadata)
                for standing in self.progress.standings(which)
                if only is None or standing.topic.endswith(only)
            ],
            asynchronous=False,
        )
        consumer.close()


@pytest.fixture
def flow(ready: KafkaSettings) -> Flow:
    return Flow(ready)


def behind(flow: Flow, told: str) -> str:
    """What lags, once it is told so: on a busy machine Kafka may not answer within as short a wait as this one."""
    found: list[str] = []

    def says() -> bool:
        found.append(wait(flow.progress, 0.5) or "")
        return told in found[-1]

    until(says, told)
    return found[-1]


def test_nothing_published_is_nothing_to_wait_for(flow: Flow) -> None:
    assert wait(flow.progress, 120) is None


def test_wait_names_the_first_step_that_lags(flow: Flow) -> None:
    flow.publish("posts", 3)
    # Three records and the marker of their transaction.
    assert behind(flow, "posts/0 at 0 of 4 (4 behind in 1 partitions)").startswith("enrich lags: ")
    assert flow.progress.lag(step("enrich")) == 4
    flow.commit("enrich")
    assert behind(flow, "clickhouse lags: ")
    flow.commit("clickhouse")
    assert wait(flow.progress, 120) is None
    assert flow.progress.ends("posts") == 4


def test_an_open_transaction_is_work_left_although_nothing_lags(flow: Flow) -> None:
    flow.publish("partials", 2)
    flow.commit("trends")
    producer = flow.publish("partials", 5, commit=False)
    assert flow.progress.lag(step("trends")) == 0
    assert behind(flow, "with a transaction open")
    producer.commit_transaction(60)
    flow.settled("partials")
    assert flow.progress.lag(step("trends")) == 6


@pytest.mark.parametrize("owed", [pending_metadata(7), range_metadata([Owed(0, 4)])])
def test_a_step_that_still_owes_is_not_done(flow: Flow, owed: str) -> None:
    flow.publish("partials", 3)
    flow.commit("trends", owed)
    assert flow.progress.lag(step("trends")) == 0
    assert behind(flow, "with outputs still to come").startswith("trends lags: ")
    flow.commit("trends")
    assert wait(flow.progress, 120) is None


def test_topics_that_are_missing_are_named(settings: KafkaSettings) -> None:
    behind = wait(Progress(settings), 0.3)
    assert behind is not None
    assert f"topics are missing: {settings.topic_prefix}posts" in behind
    assert FLOW[0].name in behind
