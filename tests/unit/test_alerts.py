"""What raises an alert and what does not, whatever order, revision, repeat or crash there is."""

import time

import pytest

from processors.logic.alerts.rules import RuleBook
from schemas.errors import Poison
from tests.support.alerting import HOUR, START, bar, rule, run, trend
from tests.support.desk import Desk


def test_a_closed_spike_is_told_once_with_its_evidence() -> None:
    desk = Desk([rule(cooldown_s=3600)])
    (alert,) = desk.trends(trend())
    assert alert["id"] == f"r:1:all::{START}"
    assert (alert["observed"], alert["expected"], alert["score"]) == (20, 5, 4)
    assert alert["explanation"] == (
        "20 mentions between 02:00 and 03:00 UTC on 2015-08-24, where about 5.0 are usual."
    )
    assert (alert["terms"], alert["sources"], alert["samples"]) == ({"crash": 4}, {"feed": 20}, ["x:1"])
    assert (alert["start"], alert["end"], alert["fired_at"]) == (START, START + HOUR, START + HOUR)
    assert alert["cooldown_until"] == START + 2 * HOUR
    assert desk.trends(trend(revision=2, mentions=30)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"score": 2.9},
        {"mentions": 9},
        {"learnt": 5},
        {"closed": False},
        {"window": "5m"},
        {"platform": "x"},
        {"subject": "symbol:AAPL"},
    ],
)
def test_what_a_rule_does_not_ask_for_raises_nothing(changed: dict[str, object]) -> None:
    desk = Desk([rule()])
    assert desk.trends(trend(**changed)) == []  # type: ignore[arg-type]
    assert not desk.rows("fired")


def test_an_early_rule_tells_of_an_open_window_and_not_again_when_it_closes() -> None:
    desk = Desk([rule(early=True, cooldown_s=0)])
    live = START + HOUR // 2
    (alert,) = desk.trends(trend(closed=False, computed_at=live))
    assert alert["fired_at"] == live
    assert desk.trends(trend(revision=2), trend(revision=3)) == []


def test_of_replayed_events_an_open_window_is_told_at_its_end() -> None:
    desk = Desk([rule(early=True)])
    (alert,) = desk.trends(trend(closed=False, computed_at=START + 90_000 * HOUR))
    assert alert["fired_at"] == START + HOUR


def test_a_late_revision_of_a_closed_window_can_still_raise_it() -> None:
    desk = Desk([rule()])
    assert desk.trends(trend(score=2.0)) == []
    (alert,) = desk.trends(trend(revision=2, score=3.5))
    assert alert["score"] == 3.5


def test_cooldown_is_kept_by_event_time_in_both_directions_and_ends() -> None:
    desk = Desk([rule(cooldown_s=3 * 3600)])
    assert [alert["start"] for alert in desk.trends(trend(10), trend(11), trend(12))] == [START + 10 * HOUR]
    # What closes later and lies before it: within the cooldown the same burst, further back one of its own.
    assert desk.trends(trend(9), trend(8)) == []
    assert [alert["start"] for alert in desk.trends(trend(7), trend(13))] == [
        START + 7 * HOUR,
        START + 13 * HOUR,
    ]
    assert desk.trends(trend(13, subject="keyword:x")) == []


def test_another_subject_and_another_rule_have_cooldowns_of_their_own() -> None:
    rules = [
        rule(subject="keyword:*", cooldown_s=36_000),
        rule(id="s", subject="keyword:a", cooldown_s=36_000),
    ]
    desk = Desk(rules)
    raised = desk.trends(trend(subject="keyword:a"), trend(1, "keyword:a"), trend(1, "keyword:b"))
    assert [alert["id"] for alert in raised] == [
        f"s:1:keyword:a:{START}",
        f"r:1:keyword:a:{START}",
        f"r:1:keyword:b:{START + HOUR}",
    ]


def test_a_new_revision_applies_from_then_on_and_inherits_the_cooldown() -> None:
    desk = Desk([rule(cooldown_s=7200)])
    assert len(desk.trends(trend())) == 1
    desk.book.put("r", rule(revision=2, threshold=1.0, cooldown_s=7200))
    assert desk.trends(trend(1, score=2.0)) == []
    (alert,) = desk.trends(trend(2, score=2.0))
    assert alert["rule_revision"] == 2
    desk.book.put("r", None)
    assert desk.trends(trend(9)) == []
    desk.book.put("r", rule(active=False))
    assert desk.trends(trend(10)) == []


def test_a_crash_before_the_commit_repeats_and_one_after_it_does_not() -> None:
    desk = Desk([rule(cooldown_s=7200), rule("sentiment_shift", id="s")])
    lost = desk.trends(trend(), commit=False)
    desk.crash()
    again = desk.trends(trend())
    assert [alert["id"] for alert in again] == [alert["id"] for alert in lost]
    shares = dict(desk.rows("shares"))
    desk.crash()
    assert desk.rows("shares") == shares
    assert desk.trends(trend(revision=2), trend(1)) == []
    assert len(desk.trends(trend(2))) == 1


def test_remembered_alerts_are_bounded_and_the_first_are_forgotten_first() -> None:
    desk = Desk([rule(subject="keyword:*")], alerts_kept=100)
    for number in range(150):
        desk.trends(trend(subject=f"keyword:{number}"))
        if number == 120:
            desk.crash()
    assert len(desk.rows("fired")) == 100
    assert desk.trends(trend(subject="keyword:149"), trend(subject="keyword:50")) == []
    assert [alert["subject"] for alert in desk.trends(trend(subject="keyword:49"))] == ["keyword:49"]


def test_mentions_of_a_keyword_are_told_from_the_minimum_on() -> None:
    desk = Desk([rule("keyword", "keyword:bbca", minimum=3)])
    assert desk.trends(trend(0, "keyword:bbca", mentions=2, score=0.0)) == []
    (alert,) = desk.trends(trend(1, "keyword:bbca", mentions=3, score=0.0))
    assert (alert["observed"], alert["expected"], alert["score"]) == (3, 5, 3)
    assert alert["explanation"].startswith("3 mentions of 'bbca' between 03:00 and 04:00 UTC on 2015-08-24: ")


def learnt(desk: Desk, hours: int = 10) -> None:
    for hour in range(hours):
        assert desk.trends(trend(hour, mentions=20, negative=4, positive=10)) == []


def test_a_mood_that_turns_negative_is_told_against_what_is_usual() -> None:
    desk = Desk([rule("sentiment_shift")])
    learnt(desk)
    assert desk.trends(trend(10, mentions=20, negative=8)) == []
    (alert,) = desk.trends(trend(11, mentions=20, negative=16))
    assert alert["observed"] == 0.8
    assert 0.2 <= alert["expected"] < 0.25
    assert alert["score"] == pytest.approx(alert["observed"] - alert["expected"])
    assert alert["explanation"].startswith(
        "80 % of 20 mentions between 13:00 and 14:00 UTC on 2015-08-24 were negative"
    )
    assert desk.trends(trend(12, mentions=9, negative=9)) == [], "too few mentions"


def test_a_negative_threshold_watches_for_positive_mentions() -> None:
    desk = Desk([rule("sentiment_shift", threshold=-0.3)])
    learnt(desk)
    assert desk.trends(trend(10, mentions=20, negative=20)) == []
    (alert,) = desk.trends(trend(11, mentions=20, positive=18))
    assert alert["observed"] == 0.9
    assert alert["expected"] == pytest.approx(0.45, abs=0.06)
    assert alert["score"] < -0.3


def test_too_little_is_known_of_a_young_subject() -> None:
    desk = Desk([rule("sentiment_shift")])
    for hour in range(4):
        desk.trends(trend(hour, mentions=20))
    assert desk.trends(trend(4, mentions=20, negative=20)) == []
    assert desk.trends(trend(5, mentions=20, negative=20)) != []


def test_a_window_teaches_once_and_its_revisions_are_judged_by_what_was_known_before_it() -> None:
    desk = Desk([rule("sentiment_shift")])
    learnt(desk)
    before = dict(desk.rows("shares"))
    desk.trends(trend(10, mentions=20, negative=8))
    taught = dict(desk.rows("shares"))
    assert taught != before
    desk.trends(trend(11, mentions=20, negative=4))
    taught = dict(desk.rows("shares"))
    (alert,) = desk.trends(trend(10, revision=2, mentions=40, negative=32))
    assert alert["expected"] == pytest.approx(0.2)
    # One that was opened late by mentions older than newer windows: judged by what was known before those.
    (older,) = desk.trends(
        trend(-1, mentions=20, negative=20), trend(9, revision=2, mentions=20, negative=20)
    )
    assert older["start"] == START + 9 * HOUR, "before the first window nothing was known"
    assert desk.rows("shares") == taught


def test_a_price_is_judged_by_its_bar() -> None:
    desk = Desk([rule("price_move", "symbol:*", early=True)])
    assert desk.bars(bar(0, change=None), bar(1, change=0.0499), bar(2, interval="1m")) == []
    fallen, risen = desk.bars(bar(3), bar(3, "BHP", 0.072, close=10_000.0, closed=False, revision=1))
    assert fallen["subject"] == "symbol:AMZN"
    assert fallen["observed"] == 463.37
    assert fallen["expected"] == pytest.approx(494.47, abs=0.01)
    assert fallen["score"] == -0.0629
    assert fallen["explanation"] == (
        "AMZN fell 6.3 % from 494.472 to 463.37 between 02:00 UTC on 2015-08-27 and 02:00 UTC on 2015-08-28."
    )
    assert (fallen["terms"], fallen["sources"], fallen["samples"]) == ({}, {}, [])
    assert risen["explanation"].startswith("BHP rose 7.2 % from 9328.36 to 10000 ")
    assert desk.bars(bar(3, revision=2, change=-0.08)) == []


def test_an_open_bar_is_left_to_early_rules() -> None:
    desk = Desk([rule("price_move", "symbol:AMZN")])
    assert desk.bars(bar(closed=False)) == []
    assert len(desk.bars(bar(revision=2))) == 1


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def silent_desk(**fields: object) -> Desk:
    watching = rule("source_silent", "source:rss/*", threshold=600.0, **fields)
    return Desk([watching], silence_tick_s=1e-9, silence_grace_s=0)


def test_a_source_that_published_and_stopped_is_told_once_and_armed_again_by_the_next_item() -> None:
    desk = silent_desk()
    now = now_ms()
    last = now - 700_000
    assert (
        desk.runs(run(now - 900_000, 0), run(last), run(now - 600_000, 0, outcome="error", error="503")) == []
    )
    (alert,) = desk.tick()
    assert (alert["subject"], alert["window"]) == ("source:rss/detik", "")
    assert (alert["start"], alert["end"], alert["fired_at"]) == (last, last + 600_000, last + 600_000)
    assert alert["expected"] == 600
    assert alert["observed"] == pytest.approx(700, abs=30)
    assert "has published nothing for 11 min" in alert["explanation"]
    assert alert["explanation"].endswith("ended 'error': 503.")
    assert desk.tick() == []
    desk.crash()
    assert desk.tick() == []
    (second,) = desk.runs(run(now - 650_000))
    assert second["start"] == now - 650_000
    desk.runs(run(now))
    assert desk.tick() == []


def test_a_source_that_never_published_or_that_no_rule_watches_is_left_alone() -> None:
    desk = silent_desk()
    now = now_ms()
    desk.runs(run(now - 900_000, 0), run(now - 900_000, 5, collector="replay"))
    assert desk.tick() == []
    assert list(desk.rows("sources")) == ["replay/detik"]


def test_nobody_is_called_silent_by_a_worker_that_has_just_begun_to_listen() -> None:
    watching = rule("source_silent", "source:*", threshold=600.0)
    desk = Desk([watching], silence_tick_s=1e-9, silence_grace_s=3_600)
    desk.runs(run(now_ms() - 900_000))
    assert desk.tick() == []


def test_sources_and_shares_are_bounded_and_the_longest_unheard_go_first() -> None:
    desk = Desk([rule("sentiment_shift", "keyword:*")], shares_kept=100, sources_kept=10)
    for number in range(30):
        desk.runs(run(START + number, source=f"s{number}"))
    assert len(desk.rows("sources")) <= 10
    assert "rss/s29" in desk.rows("sources")
    for number in range(300):
        desk.trends(trend(number, f"keyword:{number}"))
    assert len(desk.rows("shares")) <= 100
    assert "1h|keyword:299|" in desk.rows("shares")


def test_what_is_no_event_goes_to_the_dead_letters_and_the_rest_goes_on() -> None:
    desk = Desk([rule(), rule("price_move", "symbol:*", id="p")])
    assert desk.raw("trends", b"all:", b"garbage") == []
    assert desk.raw("trends", b"all:", None) == []
    assert desk.raw("bars", b"\xff\xfe", b"x") == []
    assert [letter["stage"] for letter in desk.letters] == ["alerts"] * 3
    assert desk.raw("trends", b"hashtag:nobody-asks", b"garbage") == []
    assert len(desk.letters) == 3
    assert len(desk.trends(trend())) == 1


def test_a_rule_that_nobody_can_watch_is_refused_and_counts_no_more() -> None:
    book = RuleBook()
    book.put("r", rule())
    for key, bad, why in (
        ("r", rule("new_topic", "topic:*", window="2h"), "no age of a topic"),
        ("r", rule(quiet_from="22:00"), "a beginning, an end and a zone"),
        ("r", rule(quiet_from="22:00", quiet_to="25:00", quiet_zone="UTC"), "no time of day"),
        ("r", rule(quiet_from="22:00", quiet_to="22:00", quiet_zone="UTC"), "are none"),
        ("r", rule(quiet_from="22:00", quiet_to="06:00", quiet_zone="Asia/Nowhere"), "no time zone"),
        ("a:b", rule(id="a:b"), "told apart"),
        ("other", rule(), "under the key other"),
    ):
        with pytest.raises(Poison, match=why):
            book.put(key, bad)
    assert len(book) == 0
    assert book.watching("trends", "all:") == ()


def test_rules_are_found_by_whole_subject_and_by_prefix_in_order_of_their_ids() -> None:
    book = RuleBook()
    for name, subject in (("c", "keyword:*"), ("b", "keyword:bank"), ("a", "keyword:ba*"), ("d", "symbol:*")):
        book.put(name, rule(id=name, subject=subject))

    def found(subject: str) -> list[str]:
        return [one["id"] for one in book.watching("trends", subject)]

    assert found("keyword:bank") == ["b", "a", "c"]
    assert found("keyword:x") == ["c"]
    assert found("hashtag:bank") == []
    assert book.watching("bars", "symbol:X") == ()
    book.put("c", None)
    assert found("keyword:x") == []


def test_a_mood_of_years_ago_is_not_what_is_usual_today() -> None:
    desk = Desk([rule(kind="sentiment_shift", threshold=0.2, minimum=10, cooldown_s=0)])
    learnt(desk)
    later = START + 4_000 * 24 * HOUR
    assert desk.trends(trend(start=later, end=later + HOUR, mentions=20, negative=18, learnt=0)) == []
