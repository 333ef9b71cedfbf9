"""What full tables of alerts forget: the same wherever batches end, and the same before and after a restart."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from processors.logic.alerts.finding import Finding
from processors.logic.alerts.halves import Close, Halves, Mood, Pairing
from processors.logic.alerts.history import History, Raising
from tests.support.alerting import HOUR, rule

SUBJECT = "symbol:AMZN"
KEPT = 4


def mood(number: int) -> Mood:
    return Mood(number * 10, number * 10 + 10, 20, 2, 16, 0.3, {}, {}, [])


def close(number: int) -> Close:
    return Close(number * 10, number * 10 + 10, 105.0, 100.0, 0.05)


def compacted(rows: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The rows in some order: that of a changelog is not that of memory."""
    keys = list(rows)
    dice.shuffle(keys)
    return {key: rows[key] for key in keys}


def pairs(halves: Sequence[tuple[str, int]], size: int, *, restarts: bool) -> tuple[list[int], set[str]]:
    """The times that were found whole, in batches of a size, and the keys that are left."""
    dice = random.Random(5)
    rows: dict[str, Any] = {}
    known, found = Halves(), []
    for first in range(0, len(halves), size):
        if restarts:
            known = Halves()
            known.restore(compacted(rows, dice))
        pairing = Pairing(known, KEPT)
        for kind, number in halves[first : first + size]:
            if kind == "mood":
                whole = pairing.mood("1d", "", SUBJECT, mood(number))
            else:
                pairing.close("1d", SUBJECT, close(number))
                whole = pairing.pair("1d", "", SUBJECT, close(number))
            found += [one.start for one, _ in whole]
        for key in pairing.arriving.deleted():
            del rows[key]
            known.take(key, None)
        for key, row in pairing.arriving.rows.items():
            rows[key] = row
            known.take(key, row)
        assert len(rows) <= KEPT
    return found, set(rows)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("size", [1, 3, 12])
def test_halves_are_forgotten_one_by_one_wherever_a_batch_ends(size: int, restarts: bool) -> None:
    halves = [(kind, number) for kind in ("mood", "close") for number in range(6)]
    assert pairs(halves, size, restarts=restarts) == ([], pairs(halves, 1, restarts=False)[1])
    halves = [("mood", 0), ("mood", 1), ("mood", 2), ("close", 2), ("close", 1), ("close", 0)]
    assert pairs(halves, size, restarts=restarts)[0] == [20, 10]


@pytest.mark.parametrize("seed", range(10))
def test_any_order_of_halves_makes_the_same_pairs_in_batches_of_any_size(seed: int) -> None:
    """Old times among new ones, and halves that come again after they were forgotten."""
    dice = random.Random(seed)
    halves = [(dice.choice(("mood", "close")), dice.randrange(5)) for _ in range(60)]
    wanted = pairs(halves, 1, restarts=False)
    assert len(wanted[0]) > 5
    for size in (2, 7, 60):
        for restarts in (False, True):
            assert pairs(halves, size, restarts=restarts) == wanted


ASKED = rule(quiet_from="00:00", quiet_to="06:00", quiet_zone="UTC")


def raised(
    findings: Sequence[tuple[int, int]], size: int, *, restarts: bool
) -> tuple[list[int | None], set[str]]:
    """What is said to findings (window, hour at which it fires), in batches of a size, and the keys that are left."""
    dice = random.Random(5)
    rows: dict[str, Any] = {}
    known, said = History(), []
    for first in range(0, len(findings), size):
        if restarts:
            known = History()
            known.restore(compacted(rows, dice))
        raising = Raising(known, KEPT)
        for start, hour in findings[first : first + size]:
            found = Finding(start, start + 1, hour * HOUR, 20, 5, 4.0, "")
            said.append(raising.raises(ASKED, "all:", found))
        for key in raising.arriving.deleted():
            del rows[key]
            known.take(key, None)
        for key, row in raising.arriving.rows.items():
            rows[key] = row
            known.take(key, row)
        assert len(rows) <= KEPT
    return said, set(rows)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("size", [1, 3, 12])
def test_an_alert_that_is_written_twice_is_forgotten_by_its_second_place(size: int, restarts: bool) -> None:
    """First held back, then sent: in memory it keeps its place, in a compacted changelog it comes last."""
    findings = [(1, 3), (2, 7), (3, 8), (1, 9), (4, 10), (5, 11), (1, 9), (3, 8), (2, 7)]
    said, _ = raised(findings, size, restarts=restarts)
    assert said == [None, 1, 0, 0, 0, 0, None, None, 0], "only the second is forgotten"


@pytest.mark.parametrize("seed", range(10))
def test_any_order_of_findings_is_told_the_same_in_batches_of_any_size(seed: int) -> None:
    dice = random.Random(seed)
    findings = [(dice.randrange(8), dice.randrange(24)) for _ in range(60)]
    wanted = raised(findings, 1, restarts=False)
    assert None in wanted[0]
    for size in (2, 7, 60):
        for restarts in (False, True):
            assert raised(findings, size, restarts=restarts) == wanted


def test_alerts_that_were_written_without_a_number_are_forgotten_first() -> None:
    known = History()
    known.restore({"r:1:all::2": [7 * HOUR, 7 * HOUR], "r:1:all::1": [6 * HOUR, 6 * HOUR]})
    raising = Raising(known, 2)
    assert raising.raises(ASKED, "all:", Finding(3, 4, 8 * HOUR, 20, 5, 4.0, "")) == 0
    assert raising.arriving.deleted() == ["r:1:all::1"]
    assert raising.arriving.rows == {"r:1:all::3": [8 * HOUR, 8 * HOUR, False, 1]}
