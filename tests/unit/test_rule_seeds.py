"""Rules as people write them: what is refused says the field and why, and revisions grow with changes alone."""

import os

import pytest
from pydantic import ValidationError

from deploy.control import read_seeds
from deploy.rules import RuleSeed
from deploy.settings import DeploySettings
from processors.logic.alerts.rules import RuleBook
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support import rooms

GOOD = {
    "volume_spike": {"subject": "all:", "window": "1h", "threshold": 3.0, "minimum": 10},
    "sentiment_shift": {"subject": "keyword:*", "window": "1d", "threshold": -0.2},
    "price_move": {"subject": "symbol:BBCA.JK", "window": "1d", "threshold": 0.05},
    "keyword": {"subject": "hashtag:ihsg", "window": "5m", "minimum": 5},
    "divergence": {"subject": "symbol:*", "window": "1d", "threshold": 0.3, "change": 0.02, "minimum": 10},
    "new_topic": {"subject": "topic:*", "window": "1h", "minimum": 50},
    "source_silent": {"subject": "source:rss/*", "threshold": 3600},
}


def seed(kind: str, **changes: object) -> RuleSeed:
    return RuleSeed.model_validate(
        {"id": "mine", "name": "mine", "kind": kind, **GOOD.get(kind, {}), **changes}
    )


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_that_is_watched_can_be_written(kind: str) -> None:
    record = seed(kind).record(7, None)
    assert Codec(PinnedIds()).encode("rule", record)
    book = RuleBook()
    book.put("mine", record)
    assert len(book) == 1


@pytest.mark.parametrize("kind", ["volume_spike", "sentiment_shift", "keyword"])
def test_pairs_of_words_can_be_watched(kind: str) -> None:
    book = RuleBook()
    book.put("mine", seed(kind, subject="pair:*", window="1h").record(7, None))
    assert len(book.watching("trends", "pair:bandung gempa")) == 1


@pytest.mark.parametrize(
    ("kind", "changes", "field", "reason"),
    [
        ("divergence", {"subject": "all:"}, "subject", "symbol:NAME"),
        ("divergence", {"window": "1h"}, "window", "1m, 1d"),
        ("divergence", {"threshold": 0}, "threshold", "between 0 and 2"),
        ("divergence", {"change": 0}, "change", "greater than 0"),
        ("divergence", {"early": True}, "early", "never told early"),
        ("new_topic", {"subject": "all:"}, "subject", "topic:NAME"),
        ("new_topic", {"platform": "x"}, "platform", "no platforms"),
        ("new_topic", {"minimum": 0}, "minimum", "at least 1"),
        ("new_topic", {"threshold": -1}, "threshold", "at least 0"),
        ("new_topic", {"cooldown_s": 60}, "cooldown_s", "told of once"),
        ("keyword", {"change": 0.1}, "change", "no change"),
        ("keyword", {"subject": "pair:*", "window": "1m"}, "window", "5m, 1h"),
        ("volume_spike", {"subject": "pair:*", "platform": "x"}, "platform", "all platforms together"),
        ("keyword", {"quiet_from": "24:00"}, "quiet_from", "pattern"),
        ("keyword", {"quiet_zone": "Asia/Nowhere"}, "quiet_zone", "no time zone"),
        ("keyword", {"quiet_from": "22:00"}, "", "need quiet_from, quiet_to and quiet_zone"),
        ("keyword", {"quiet_from": "06:00", "quiet_to": "06:00", "quiet_zone": "UTC"}, "", "are none"),
        ("nonsense", {"subject": "all:"}, "kind", "volume_spike"),
        ("volume_spike", {"id": "a:b"}, "id", "pattern"),
        ("volume_spike", {"subject": "bbca"}, "subject", "keyword:NAME"),
        ("volume_spike", {"subject": "source:rss"}, "subject", "keyword:NAME"),
        ("volume_spike", {"subject": "all:x"}, "subject", "no name"),
        ("volume_spike", {"subject": "keyword:"}, "subject", "every one"),
        ("volume_spike", {"subject": "keyword:*x"}, "subject", "at the end"),
        ("volume_spike", {"window": "2h"}, "window", "1m, 5m, 1h, 1d"),
        ("volume_spike", {"threshold": 0}, "threshold", "greater than 0"),
        ("volume_spike", {"threshold": float("nan")}, "threshold", "finite"),
        ("volume_spike", {"minimum": -1}, "minimum", "greater than or equal to 0"),
        ("volume_spike", {"severity": "loud"}, "severity", "critical"),
        ("volume_spike", {"surprise": 1}, "surprise", "not permitted"),
        ("sentiment_shift", {"threshold": 1.5}, "threshold", "between 0 and 1"),
        ("price_move", {"window": "1h"}, "window", "1m, 1d"),
        ("price_move", {"minimum": 5}, "minimum", "counts no mentions"),
        ("price_move", {"platform": "x"}, "platform", "no platforms"),
        ("keyword", {"minimum": 0}, "minimum", "at least 1"),
        ("keyword", {"threshold": 2}, "threshold", "by minimum"),
        ("source_silent", {"window": "1h"}, "window", "empty"),
        ("source_silent", {"subject": "all:"}, "subject", "source:NAME"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_field_and_the_reason(
    kind: str, changes: dict[str, object], field: str, reason: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        seed(kind, **changes)
    told = {".".join(map(str, error["loc"])): error["msg"] for error in refused.value.errors()}
    assert reason in told[field], told


def test_the_command_says_what_is_wrong() -> None:
    words = [
        "rules",
        "add",
        "d",
        "--name",
        "d",
        "--kind",
        "new_topic",
        "--subject",
        "symbol:X",
        "--minimum",
        "9",
    ]
    done = rooms.run(["deploy", *words], os.environ)
    assert done.returncode == 1
    assert "subject: 'symbol:X' is not topic:NAME, topic:*" in done.stderr


def test_a_revision_grows_with_every_change_and_only_then() -> None:
    first = seed("volume_spike").record(7, None)
    assert (first["revision"], first["updated_at"]) == (1, 7)
    assert seed("volume_spike").record(8, first) == first
    changed = seed("volume_spike", threshold=4.0).record(9, first)
    assert (changed["revision"], changed["updated_at"], changed["threshold"]) == (2, 9, 4.0)
    assert seed("volume_spike", active=False).record(10, changed)["revision"] == 3


def test_the_default_rules_are_all_watched() -> None:
    seeds = read_seeds(DeploySettings().rules_file, "rules", RuleSeed)
    book = RuleBook()
    for one in seeds:
        book.put(one.id, one.record(0, None))
    assert len(book) == len(seeds) == len({one.id for one in seeds})
    assert {one.kind for one in seeds} >= {"volume_spike", "sentiment_shift", "price_move", "source_silent"}
    assert any(one.early and one.window == "5m" and one.subject == "all:" for one in seeds)


def test_quiet_hours_are_written_with_the_rule() -> None:
    night = {"quiet_from": "22:00", "quiet_to": "06:00", "quiet_zone": "Asia/Jakarta"}
    record = seed("keyword", **night).record(7, None)
    assert {name: record[name] for name in night} == night  # type: ignore[literal-required]
    assert seed("keyword").record(8, record)["revision"] == 2
