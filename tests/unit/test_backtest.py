import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from processors.__main__ import main
from processors.logic.alerts.replay import Replay
from schemas.errors import Poison
from schemas.events import Alert, Bar, Rule, Run, Trend
from tests.support.alerting import HOUR, START, bar, rule, run, trend
from tests.support.desk import Desk


def some_trends(dice: random.Random) -> list[Trend]:
    """Revisions of two hundred windows of three subjects, some open first and some revised after they closed."""
    made = []
    for hour in range(200):
        for subject in ("all:", "keyword:bbm", "keyword:mbg"):
            mentions = dice.randint(0, 60)
            negative = dice.randint(0, mentions)
            window = {
                "mentions": mentions,
                "negative": negative,
                "positive": mentions - negative,
                "score": dice.gauss(1, 2),
                "learnt": hour,
            }
            made += [
                trend(hour, subject, revision=revision, closed=revision > 1, **window)
                for revision in range(1, dice.randint(2, 4))
            ]
    return made


def keyed(trends: list[Trend]) -> list[tuple[str, Trend]]:
    return [(f"{one['subject_kind']}:{one['subject']}", one) for one in trends]


def unsent(alerts: Iterable[Alert]) -> list[Any]:
    """But for when they were made, and as they would be printed."""
    return [json.loads(json.dumps({**alert, "computed_at": 0})) for alert in alerts]


@pytest.mark.parametrize(
    "asked",
    [
        rule("volume_spike"),
        rule("volume_spike", "keyword:*", cooldown_s=6 * 3_600, early=True),
        rule("sentiment_shift", "keyword:*", cooldown_s=3_600),
        rule("sentiment_shift", threshold=-0.2),
        rule("keyword", "keyword:bbm", minimum=50),
    ],
    ids=lambda asked: f"{asked['kind']}-{asked['subject']}",
)
def test_the_same_windows_give_the_same_alerts_as_the_stage(asked: Rule) -> None:
    trends = some_trends(random.Random(11))
    desk = Desk([asked])
    for first in range(0, len(trends), 17):
        desk.trends(*trends[first : first + 17])
    told = unsent(Replay(asked).trends(keyed(trends)))
    assert told == unsent(desk.alerts)
    assert told, "the rule must find something"


def test_the_same_bars_give_the_same_alerts_as_the_stage() -> None:
    dice = random.Random(3)
    bars: list[Bar] = [bar(day, dice.choice(["AMZN", "BHP"]), dice.gauss(0, 0.05)) for day in range(100)]
    asked = rule("price_move", "symbol:*", cooldown_s=86_400)
    desk = Desk([asked])
    desk.bars(*bars)
    told = unsent(Replay(asked).bars(bars))
    assert told == unsent(desk.alerts)
    assert told


def test_a_silence_is_told_when_it_had_just_become_too_long() -> None:
    asked = rule("source_silent", "source:rss/*", threshold=7_200.0)
    runs: list[Run] = [run(START), run(START + HOUR), run(START + 2 * HOUR, 0), run(START + 5 * HOUR)]
    (first, last) = Replay(asked).runs(runs, START + 9 * HOUR)
    assert (first["start"], first["fired_at"]) == (START + HOUR, START + 3 * HOUR)
    assert (last["start"], last["fired_at"]) == (START + 5 * HOUR, START + 7 * HOUR)
    assert "the one run since" in first["explanation"]
    assert list(Replay(asked).runs(runs[:2], START + 3 * HOUR)) == [], (
        "at the threshold it is not yet too long"
    )


def test_a_rule_that_nobody_watches_for_is_refused() -> None:
    with pytest.raises(Poison):
        Replay(rule("new_topic", window="2h"))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"kind": "volume_spike"}', "subject"),
        ('{"kind": "new_thing", "subject": "all:"}', "kind"),
        ('{"kind": "keyword", "subject": "all:", "quiet_from": "22:00"}', "a beginning, an end and a zone"),
        ('{"kind": "volume_spike", "subject": "all:", "window": "2h"}', "window"),
    ],
)
def test_what_is_no_rule_is_named(
    said: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rule.json"
    file.write_text(said)
    assert main(["backtest", str(file), "--from", "2026-01-01", "--to", "2026-01-02"]) == 1
    assert why in capsys.readouterr().err


def test_time_must_pass(tmp_path: Path) -> None:
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(rule()))
    with pytest.raises(SystemExit) as ended:
        main(["backtest", str(file), "--from", "2026-01-02", "--to", "2026-01-02"])
    assert ended.value.code == 2
