"""Schema ids of a real registry: registered, found however they are formatted, refused by name, missed with patience."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from deploy.prepare import Preparation
from deploy.registration import check, register
from schemas.codec import Codec, schema_id_of
from schemas.errors import Fatal, Poison, Retryable
from schemas.registry import PinnedIds, events, load_schema, schema_ids
from schemas.registry_ids import RegistryIds, subjects
from schemas.registry_server import COMPATIBILITY, Incompatible, RegistryServer
from schemas.settings import KafkaSettings
from schemas.topics import AVRO, TOPICS
from tests.conformance.proxy import Proxy
from tests.support import rooms
from tests.support.api import Api
from tests.support.apicurio import Apicurio, fetched
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.evolution import problems
from tests.support.kafka_reading import read_all
from tests.support.landing import start_sink
from tests.support.planted import COMPATIBLE, INCOMPATIBLE, Change, changed
from tests.support.producers import Producers
from tests.support.sse import SseClient
from tests.support.stages import Feed, Workers, posts
from tests.support.topics import create_topics
from tests.support.until import until

KEYWORD = {
    "id": "k",
    "text": "harga",
    "category": "",
    "priority": 1,
    "active": True,
    "languages": [],
    "query": None,
    "monitoring_start": None,
    "updated_at": 1,
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apicurio]:
    made = Apicurio(fetched(), tmp_path_factory.mktemp("registry") / "registry.log")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def way(registry: Apicurio) -> Iterator[Proxy]:
    """A way to the registry that can end: it is away then for who goes by it, and nobody else has to wait for another start."""
    with Proxy(registry.url) as made:
        yield made


@pytest.fixture
def settings(registry: Apicurio, prefix: str) -> KafkaSettings:
    return KafkaSettings(schema_registry_url=registry.url, topic_prefix=prefix)


def by(way: Proxy, settings: KafkaSettings) -> str:
    """The registry's address on this way."""
    return way.url + urlsplit(str(settings.schema_registry_url)).path


def deploy(settings: KafkaSettings, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`python -m deploy schemas …` as somebody would run it who knows the registry by its plain name."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")}
    environment = {
        **kept,
        "SCHEMA_REGISTRY_URL": str(settings.schema_registry_url),
        "DENYUT_TOPIC_PREFIX": settings.topic_prefix,
        "DENYUT_DATA_DIR": str(folder),
    }
    return rooms.run(["deploy", "schemas", *words], environment)


def test_the_command_registers_every_event_once_under_our_rule(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    assert deploy(settings, tmp_path, "check").returncode == 1
    first = deploy(settings, tmp_path, "register")
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("registered") == sum(topic.content_type == AVRO for topic in TOPICS.values())
    again = deploy(settings, tmp_path, "register")
    assert "registered" not in again.stdout
    assert deploy(settings, tmp_path, "check").returncode == 0
    with RegistryServer(settings) as server:
        for subject in subjects(settings.topic_prefix):
            assert server.versions(subject) == [1]
            assert server.compatibility(subject) == COMPATIBILITY


def test_events_are_written_with_the_registrys_ids_and_read_back(settings: KafkaSettings) -> None:
    given = {one.event: one.schema_id for one in register(settings)}
    ids = schema_ids(settings)
    assert {event: ids.id_of(event) for event in events()} == given
    codec = Codec(ids)
    record = {"collector": "c", "source": "s", "cursor": "", "updated_at": 1}
    payload = codec.encode("checkpoint", record)
    assert schema_id_of(payload) == given["checkpoint"]
    decoded = codec.decode(payload)
    assert (decoded.event, decoded.record) == ("checkpoint", record)
    # What was written before there was a registry is still read.
    assert codec.decode(Codec(PinnedIds()).encode("checkpoint", record)).record == record
    # Without one it is refused, and the reason says what is missing.
    with pytest.raises(Poison, match="DENYUT_SCHEMA_REGISTRY_URL names none"):
        Codec(PinnedIds()).decode(payload)


def reformatted(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same record as another program might have written it: other order, long forms, full name, no words."""
    fields = [
        {
            "type": {"type": field["type"]} if isinstance(field["type"], str) else field["type"],
            **{key: value for key, value in field.items() if key not in ("type", "doc")},
        }
        for field in schema["fields"]
    ]
    return {"fields": fields, "name": f"{schema['namespace']}.{schema['name']}", "type": "record"}


def test_a_schema_that_another_program_has_formatted_keeps_its_id(settings: KafkaSettings) -> None:
    subject = f"{settings.topic_prefix}keywords-value"
    with RegistryServer(settings) as server:
        given = server.register(subject, reformatted(load_schema("keyword")))
        assert server.version(subject, 1) != (given, load_schema("keyword"))
    assert next(one for one in register(settings) if one.event == "keyword").schema_id == given
    assert RegistryIds(RegistryServer(settings), settings.topic_prefix).id_of("keyword") == given


def without(event: str, *names: str) -> dict[str, Any]:
    schema = load_schema(event)
    return {**schema, "fields": [field for field in schema["fields"] if field["name"] not in names]}


def test_an_incompatible_schema_is_refused_by_name(settings: KafkaSettings, tmp_path: Path) -> None:
    subject = f"{settings.topic_prefix}rules-value"
    # Ours has a field that this one lacks, and no default to read it with.
    with RegistryServer(settings) as server:
        server.register(subject, without("rule", "kind"))
        server.set_compatibility(subject)
    with pytest.raises(Incompatible, match=rf"{subject} is incompatible \({COMPATIBILITY}\)"):
        register(settings)
    found = {one.subject: one for one in check(settings)}
    assert found[subject].wrong == "incompatible with an earlier version"
    done = deploy(settings, tmp_path, "register")
    assert done.returncode == 1
    assert subject in done.stderr
    assert "incompatible" in done.stderr
    assert "Traceback" not in done.stderr


def test_records_of_an_earlier_version_are_read_with_the_defaults_of_todays(settings: KafkaSettings) -> None:
    subject = f"{settings.topic_prefix}posts-value"
    with RegistryServer(settings) as server:
        old = server.register(subject, without("post", "raw", "title"))
    now = next(one for one in register(settings) if one.event == "post").schema_id
    assert now != old
    codec = Codec(RegistryIds(RegistryServer(settings), settings.topic_prefix))
    post = dict(posts(1)[0])
    payload = Codec(Written(old, without("post", "raw", "title"))).encode(
        "post", {name: value for name, value in post.items() if name not in ("raw", "title")}
    )
    decoded = codec.decode(payload)
    assert decoded.schema_id == old
    assert decoded.record == {**post, "raw": None, "title": None}


@pytest.mark.parametrize(
    ("event", "change", "fits"),
    [
        *((event, change, True) for event, change in COMPATIBLE.values()),
        *((event, change, False) for event, change in INCOMPATIBLE.values()),
    ],
    ids=[*COMPATIBLE, *INCOMPATIBLE],
)
def test_the_registry_judges_changes_as_our_own_rules_do(
    event: str, change: Change, fits: bool, settings: KafkaSettings
) -> None:
    subject = f"{settings.topic_prefix}{event}-value"
    with RegistryServer(settings) as server:
        server.register(subject, load_schema(event))
        server.set_compatibility(subject)
        new = changed(event, change)
        assert server.is_compatible(subject, new) == fits == (not problems(new, load_schema(event)))


class Written:
    """Ids of somebody who writes posts with another version of their schema."""

    def __init__(self, schema_id: int, schema: Mapping[str, Any]) -> None:
        self._id, self._schema = schema_id, schema

    def id_of(self, _: str) -> int:
        return self._id

    def schema_of(self, _: int) -> tuple[str, Mapping[str, Any]]:
        return "post", self._schema


def test_an_unknown_id_is_poison_and_a_registry_that_is_away_is_not(
    settings: KafkaSettings, way: Proxy
) -> None:
    register(settings)
    going = settings.model_copy(update={"schema_registry_url": by(way, settings)})
    codec = Codec(RegistryIds(RegistryServer(going), settings.topic_prefix))
    record = {"collector": "c", "source": "s", "cursor": "", "updated_at": 1}
    payload = codec.encode("checkpoint", record)
    with pytest.raises(Poison, match="schema id 999999 is unknown at schema registry"):
        codec.decode(b"\x00" + (999_999).to_bytes(4, "big") + payload[5:])
    with RegistryServer(settings) as server:
        other = server.register(
            f"{settings.topic_prefix}other-value", {"type": "record", "name": "x.Y", "fields": []}
        )
    with pytest.raises(Poison, match=r"is a x\.Y, no event of ours"):
        codec.decode(b"\x00" + other.to_bytes(4, "big") + payload[5:])
    way.end()
    with pytest.raises(Retryable, match="is away"):
        codec.decode(b"\x00" + (888_888).to_bytes(4, "big") + payload[5:])
    # Asked a moment ago: the next record does not wait for another answer.
    with pytest.raises(Retryable, match="is away"):
        codec.decode(b"\x00" + (777_777).to_bytes(4, "big") + payload[5:])
    assert codec.decode(codec.encode("checkpoint", record)).record == record


def test_a_process_waits_for_the_registry_says_so_and_ends_when_told(
    settings: KafkaSettings, kafka: Broker, tmp_path: Path
) -> None:
    log = tmp_path / "enrich.log"
    nowhere = "http://127.0.0.1:9/apis/ccompat/v7"
    with Workers(
        kafka.bootstrap, settings.topic_prefix, "enrich", tmp_path, schema_registry_url=nowhere
    ) as workers:
        workers.start()
        until(lambda: log.exists() and "waiting_for_schemas" in log.read_text(), "it says so")
        assert nowhere in log.read_text()
        assert workers.stop() == [0]


def test_posts_land_with_the_registrys_ids_also_after_it_is_gone(
    settings: KafkaSettings,
    way: Proxy,
    kafka: Broker,
    clickhouse: EmbeddedClickHouse,
    database: str,
    tmp_path: Path,
) -> None:
    bootstrap, prefix, url = kafka.bootstrap, settings.topic_prefix, by(way, settings)
    create_topics(bootstrap, prefix)
    before, made = posts(20, name="before"), posts(100)
    feed = Feed(bootstrap, prefix)
    # Some were written before the registry came.
    feed.send("posts", [(post["id"], post) for post in before])
    sink = start_sink(
        clickhouse, bootstrap, prefix, database, tmp_path / "sink.log", settings={"SCHEMA_REGISTRY_URL": url}
    )

    def landed(table: str) -> int:
        tables = clickhouse.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase()", database
        )
        return int(clickhouse.value(f"SELECT count() FROM {table}", database)) if (table,) in tables else 0

    with ExitStack() as ends:
        ends.callback(sink.wait, 60)
        ends.callback(sink.terminate)
        workers = ends.enter_context(Workers(bootstrap, prefix, "enrich", tmp_path, schema_registry_url=url))
        workers.start()
        log = tmp_path / "enrich.log"
        until(lambda: log.exists() and "deploy schemas register" in log.read_text(), "it waits")
        given = {one.event: one.schema_id for one in register(settings)}
        codec = Codec(RegistryIds(RegistryServer(settings), prefix))
        for post in made[:50]:
            feed.raw("posts", post["id"].encode(), codec.encode("post", post))
        feed.flush()
        with Producers(bootstrap, prefix, tmp_path).start(
            "run",
            "simulate",
            schema_registry_url=url,
            simulate_limit="30",
            simulate_rhythm="0",
            simulate_rate="500",
        ) as (process, output):
            assert process.wait(90) == 0, output.read_text()
        until(lambda: landed("mentions") == 100, "the first have landed", 120)
        feed.raw("keywords", b"k", codec.encode("keyword", KEYWORD))
        feed.raw("keywords", b"k", None)
        feed.flush()
        until(lambda: landed("keywords") == 2, "a keyword and its end have landed")
        api = Api(bootstrap, prefix, tmp_path / "api.log", schema_registry_url=url).start()
        ends.callback(api.stop)
        stream = SseClient(api.url, {"topics": "mentions", "since": "2020-01-01"}).connect()
        ends.callback(stream.stop)
        way.end()
        for post in made[50:]:
            feed.raw("posts", post["id"].encode(), codec.encode("post", post))
        feed.flush()
        until(lambda: landed("mentions") == 150, "the others have landed", 120)
        until(lambda: landed("posts") == 150, "so have the posts")
        until(lambda: len(stream.of("mentions")) == 150, "the stream has told all of them")
        assert workers.stop() == [0]
        written = {schema_id_of(message.value()) for message in read_all(bootstrap, f"{prefix}mentions")}
        assert written == {given["mention"]}
        found = {row[0] for row in clickhouse.rows("SELECT id FROM mentions", database)}
        assert len(found) == 150
        assert {post["id"] for post in (*before, *made)} < found
        assert clickhouse.value("SELECT count() FROM dead_letters", database) == 0


def test_a_stack_is_prepared_with_schemas_registered_and_seeds_under_their_ids(
    settings: KafkaSettings, kafka: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = tmp_path / "keywords.toml"
    seeds.write_text('[[keywords]]\ntext = "suku bunga"\n', encoding="utf-8")
    reached = settings.model_copy(update={"kafka": kafka.bootstrap})
    preparation = Preparation(reached, tmp_path / "prepared", {"keywords": seeds})
    monkeypatch.setenv("DENYUT_SCHEMA_REGISTRY_URL", str(settings.schema_registry_url))
    preparation.ensure()
    ids = RegistryIds(RegistryServer(settings), settings.topic_prefix)
    [message] = read_all(kafka.bootstrap, f"{settings.topic_prefix}keywords")
    assert schema_id_of(message.value()) == ids.id_of("keyword")
    assert Codec(ids).decode(message.value()).record["text"] == "suku bunga"


def test_a_registry_that_gives_ids_as_high_as_ours_is_refused(settings: KafkaSettings) -> None:
    class High(RegistryServer):
        """A registry whose ids begin where ours do; none does."""

        def versions(self, _: str) -> list[int]:
            return [1]

        def version(self, subject: str, _: int) -> tuple[int, Any]:
            event = subjects(settings.topic_prefix)[subject]
            return PinnedIds().id_of(event), orjson.loads(json.dumps(load_schema(event)))

    with pytest.raises(Fatal, match="are ours"):
        RegistryIds(High(settings), settings.topic_prefix)
