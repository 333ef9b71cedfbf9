"""What a stream begins with, and where it begins."""

import time

from api.positions import TopicPosition, decode, encode
from tests.conformance.deployment import Deployment, Subject, place
from tests.conformance.suite import Check, Size, must
from tests.support.sse import CONTROL, SseClient

_ID = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_ID_CHARS = 512


def first_events(deployment: Deployment, _: Size) -> str:
    """`open` first, with position and retry; heartbeats with the position; every frame with an id."""
    client = deployment.client({"keyword": "conformance-nothing"}).connect().opened()
    try:
        said = client.events[0]
        must(said.event == "open", f"the first event is {said.event}")
        must(said.data["position"] == said.id, "open's position is not its id")
        must(said.data["gap"] is None, "a new stream has a gap")
        must(said.data["requested"] is None, "a new stream was asked for by an id")
        kind = client.headers.get("content-type", "")
        must(kind.startswith("text/event-stream"), f"the content type is {kind}")
        must(client.headers.get("cache-control") == "no-store", "caches may keep it")
        must(client.headers.get("x-accel-buffering") == "no", "proxies may buffer it")
        client.expect("heartbeat", 2, patience_s=30 + 3 * said.data["heartbeat_s"])
    finally:
        client.stop()
    for one in client.events:
        must(one.event in CONTROL, f"an event that was not asked for: {one.event}")
        must(
            0 < len(one.id) <= _ID_CHARS and set(one.id) <= _ID,
            f"an id that does not fit an address: {one.id!r}",
        )
    beats = [one for one in client.events if one.event == "heartbeat"]
    must(all(one.data["position"] == one.id for one in beats), "a heartbeat's position is not its id")
    return f"{len(client.events)} events, ids of {len(said.id)} characters"


def precedence(deployment: Deployment, _: Size) -> str:
    """Last-Event-ID goes before `last_event_id`, that before `since`, that before now."""
    subject = Subject(deployment)
    begun = time.time()
    first = deployment.client(subject.query, keep=place).connect().opened()
    zero = first.last_id
    _said(deployment, subject, first, 8)
    eight = first.last_id
    _said(deployment, subject, first, 8)
    first.stop()
    since = str(int(begun * 1000) - 60_000)
    ways: dict[str, tuple[dict[str, str], str, int]] = {
        "the header before all": ({"last_event_id": zero, "since": since}, eight, 8),
        "last_event_id before since": ({"last_event_id": eight, "since": since}, "", 8),
        "since before now": ({"since": since}, "", 16),
        "now": ({}, "", 0),
    }
    for name, (query, header, count) in ways.items():
        client = deployment.client({**subject.query, **query}, keep=place).connect(header).opened()
        client.expect("mentions", count)
        beats = len(client.of("heartbeat"))
        client.expect("heartbeat", beats + 1)
        client.stop()
        seen = client.of("mentions")
        must(sorted(seen) == sorted(subject.said[16 - count :]), f"{name}: {len(seen)} of {count} events")
        said = client.of("open")[0]["requested"]
        must(said == (header or query.get("last_event_id")), f"{name}: open says that {said} was asked for")
    return f"{len(ways)} ways"


def unknown_ids(deployment: Deployment, _: Size) -> str:
    """An id that cannot be read, or is of another cluster: a `reset` that says what is missing and where to fetch it."""
    fresh = deployment.client().connect().opened()
    fresh.stop()
    real = decode(fresh.last_id)
    foreign = encode({name: TopicPosition(bytes(len(at.epoch)), at.offsets) for name, at in real.items()})
    ahead = encode(
        {name: TopicPosition(at.epoch, tuple(one + 10**9 for one in at.offsets)) for name, at in real.items()}
    )
    wanted = {"unknown": "nonsense", "foreign": foreign, "ahead": ahead}
    for reason, given in wanted.items():
        client = deployment.client().connect(given).opened()
        client.expect("reset", 1)
        client.stop()
        told = client.of("reset")[0]
        must(told["reasons"] == [reason], f"{reason}: told {told['reasons']}")
        _fetchable(deployment, client)
    return ", ".join(wanted)


def _fetchable(deployment: Deployment, client: SseClient) -> None:
    """What is missing names its topic and an address that has its present state."""
    for gap in client.of("reset")[0]["missing"]:
        answer = deployment.get(gap["snapshot"])
        # Where it has no store, it says so; that the address is there is what is asked.
        must(answer.status_code in (200, 503), f"the snapshot {gap['snapshot']} answers {answer.status_code}")


def _said(deployment: Deployment, subject: Subject, client: SseClient, count: int) -> None:
    deployment.say(subject, count)
    client.expect("mentions", len(subject.said))
    # The position of a heartbeat holds what other streams have passed, too.
    client.expect("heartbeat", len(client.of("heartbeat")) + 1)


def parameters(deployment: Deployment, _: Size) -> str:
    """What is not understood is refused by name; a credential in the address is refused and not repeated."""
    for query, status, part in (
        ("topics=weather", 422, "topics"),
        ("colour=blue", 422, "colour"),
        ("since=yesterday", 422, "since"),
        ("access_token=very-secret", 400, "address"),
    ):
        answer = deployment.get(f"/api/v1/stream?{query}")
        must(answer.status_code == status, f"{query}: {answer.status_code}, not {status}")
        must(part in answer.text and "very-secret" not in answer.text, f"{query}: {answer.text[:200]}")
    return "4 refusals"


CHECKS = (
    Check("first events, heartbeats, ids", first_events),
    Check("refused parameters", parameters),
    Check("unknown, foreign and future ids", unknown_ids),
    Check("precedence of ids and times", precedence, ("kafka",)),
)
