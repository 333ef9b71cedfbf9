"""The states of sources, by the stated rules."""

from typing import Any

import pytest

from api.sources import Limits, Seen, state_of, usual_pause

NOW = 1_790_000_000_000
MINUTE = 60_000
OLD = {"newest_item_at": NOW - 361 * MINUTE, "newest_mention_at": NOW - 361 * MINUTE}
LIMITS = Limits(late=10 * MINUTE, enriched=5 * MINUTE, quiet=360 * MINUTE)


def seen(**changes: Any) -> Seen:
    """A source that runs every minute and has just brought something."""
    values: dict[str, Any] = {
        "outcome": "ok",
        "ended_at": NOW - MINUTE,
        "starts": [NOW - step * MINUTE for step in range(1, 6)],
        "newest_item_at": NOW - 2 * MINUTE,
        "newest_mention_at": NOW - 2 * MINUTE,
    }
    return Seen(**{**values, **changes})


def every(minutes: int, since: int) -> dict[str, Any]:
    """Runs so many minutes apart, the last one `since` minutes ago."""
    starts = [NOW - (since + step * minutes) * MINUTE for step in range(5)]
    return {"starts": starts, "ended_at": starts[0]}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "ok"),
        ({"outcome": "empty"}, "ok"),
        ({"outcome": "error"}, "broken"),
        ({"outcome": "auth"}, "broken"),
        ({"outcome": "error", **every(1, 600)}, "broken"),
        ({"outcome": "throttled"}, "throttled"),
        (every(1, 9), "ok"),
        (every(1, 11), "late"),
        (every(60, 170), "ok"),
        (every(60, 181), "late"),
        ({"starts": [NOW - 300 * MINUTE], "ended_at": NOW - 300 * MINUTE}, "ok"),
        ({"newest_mention_at": NOW - 3 * MINUTE}, "ok"),
        ({"newest_mention_at": NOW - 3 * MINUTE, **every(10, 6)}, "late"),
        ({"newest_mention_at": None, **every(10, 6)}, "ok"),
        (OLD, "quiet"),
        ({"newest_item_at": None, "newest_mention_at": None, "outcome": "empty"}, "quiet"),
        ({**OLD, "canary": "ok"}, "quiet"),
        ({**OLD, "canary": "throttled"}, "quiet"),
        ({**OLD, "canary": "error"}, "broken"),
        ({**OLD, "canary": "auth"}, "broken"),
        ({"canary": "error"}, "ok"),
        ({"outcome": None, "ended_at": None, "starts": [], "newest_item_at": None}, "ok"),
    ],
)
def test_the_first_rule_that_holds_decides(changes: dict[str, Any], state: str) -> None:
    found, reason = state_of(seen(**changes), LIMITS, NOW)
    assert found == state, reason
    assert reason


def test_the_usual_pause_is_the_median_of_several() -> None:
    assert usual_pause([]) is None
    assert usual_pause([NOW, NOW - MINUTE]) is None
    assert usual_pause([NOW, NOW - MINUTE, NOW - 61 * MINUTE, NOW - 62 * MINUTE]) == MINUTE
