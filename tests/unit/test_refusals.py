"""What ClickHouse's errors mean, where a refused range is cut, and when there is too much of it."""

import random

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from schemas.errors import Fatal, Retryable
from schemas.positions import Owed, range_metadata
from sinks.clickhouse.client import decisions
from sinks.clickhouse.codes import CODES, RowRefused, Verdict, verdict
from sinks.clickhouse.splitting import MOST_SUSPECTS, parts
from sinks.refused_share import RefusedShare, Tolerance


def error(code: int, text: str = "") -> DatabaseError:
    made = DatabaseError(f"Code: {code}. DB::Exception: {text}")
    made.code = code
    return made


@pytest.mark.parametrize(
    ("given", "raised"),
    [
        (error(252, "Too many parts (3000)"), Retryable),
        (error(241), Retryable),
        (error(748, "avro::Exception: EOF reached"), RowRefused),
        (error(117, "Avro enum index 8 is out of range"), RowRefused),
        (error(1001, "std::exception. type: avro::Exception"), RowRefused),
        (error(252, "Too many partitions for single INSERT block"), RowRefused),
        (error(395, "not one whole record of its schema"), RowRefused),
        (OperationalError("refused"), Retryable),
    ],
)
def test_errors_become_decisions(given: Exception, raised: type[Exception]) -> None:
    with pytest.raises(raised), decisions():
        raise given


@pytest.mark.parametrize(
    "given",
    [error(395, "of somebody else"), error(1001, "std::bad_function_call"), error(60), error(31_337, "odd")],
)
def test_what_is_unknown_or_ours_stops_with_code_and_text(given: DatabaseError) -> None:
    with pytest.raises(Fatal, match=f"code {given.code} .*: Code") as stopped, decisions():
        raise given
    assert not isinstance(stopped.value, RowRefused)


def test_every_code_has_one_meaning() -> None:
    assert {code for code, known in CODES.items() if verdict(code, "") is Verdict.RETRY} == {
        code for code, known in CODES.items() if known.verdict is Verdict.RETRY
    }
    assert len({known.name for known in CODES.values()}) == len(CODES)


def test_suspects_are_cut_out_and_the_rest_stays_together() -> None:
    assert parts(0, 100, {7: range(100)}, [40]) == (
        Owed(0, 40, (7,)),
        Owed(40, 41, (7,)),
        Owed(41, 100, (7,)),
    )
    assert parts(0, 100, {7: range(100)}, []) == (Owed(0, 50, (7,)), Owed(50, 100, (7,)))
    assert parts(0, 9, {7: [2, 5], 3: [1, 8]}, [5]) == (
        Owed(0, 5, (3, 7)),
        Owed(5, 6, (3, 7)),
        Owed(6, 8, (3, 7)),
        Owed(8, 9, (3, 7)),
    )
    assert parts(0, 9, {}, []) == ()


def test_cutting_finds_every_bad_row_and_gives_up_no_other() -> None:
    """Whatever is bad, whoever suspects: single rows are what remains, and what is stored never exceeds Kafka's limit."""
    dice = random.Random(3)
    for _ in range(60):
        offsets = sorted(dice.sample(range(10**12, 10**12 + 5000), dice.randint(2, 400)))
        schema_of = {offset: dice.choice((1_000_000_001, 1_000_000_002)) for offset in offsets}
        bad = set(dice.sample(offsets, dice.randint(0, min(30, len(offsets)))))
        hints = (
            sorted(bad | set(dice.sample(offsets, 3 if len(offsets) > 3 else 1)))
            if dice.random() < 0.5
            else []
        )
        owed = [Owed(offsets[0], offsets[-1] + 1)]
        landed: list[int] = []
        given_up = []
        while owed:
            assert len(range_metadata(owed)) < 4096
            now = owed.pop(0)
            groups: dict[int, list[int]] = {}
            for offset in offsets:
                if now.start <= offset < now.end and schema_of[offset] in (
                    now.schemas or set(schema_of.values())
                ):
                    groups.setdefault(schema_of[offset], []).append(offset)
            refused = {schema: group for schema, group in groups.items() if bad.intersection(group)}
            landed += [
                offset for schema, group in groups.items() if schema not in refused for offset in group
            ]
            given_up += [group[0] for group in refused.values() if len(group) == 1]
            left = {schema: group for schema, group in refused.items() if len(group) > 1}
            suspects = [offset for group in left.values() for offset in group if offset in hints][
                :MOST_SUSPECTS
            ]
            owed[:0] = parts(now.start, now.end, left, suspects)
        assert sorted(given_up) == sorted(bad)
        assert sorted(landed) == sorted(set(offsets) - bad)


def nothing(_: float) -> tuple[int, int]:
    """Nothing was counted before."""
    return 0, 0


def test_too_large_a_share_stops_and_only_that() -> None:
    now = [0.0]
    share = RefusedShare(Tolerance(share=0.1, least=20, window_s=60), lambda: now[0])
    share.check("t", 0, 19, "x", nothing)
    share.add("t", 900, 19)
    share.check("t", 0, 80, "x", nothing)
    with pytest.raises(
        Fatal, match=r"t: 119 of the 1019 records of the last 60 s cannot land \(12%, more than 10%\)"
    ):
        share.check("t", 0, 100, "undecodable: EOF", nothing)
    share.check("other", 0, 19, "x", nothing)
    now[0] = 61.0
    with pytest.raises(Fatal, match=r"20 of the 20 .* The last: undecodable: EOF"):
        share.check("t", 0, 20, "undecodable: EOF", nothing)


def test_what_was_refused_before_a_restart_is_counted_for_as_long_as_the_window_reaches_there() -> None:
    now = [1000.0]
    share = RefusedShare(Tolerance(share=0.1, least=20, window_s=60), lambda: now[0])
    asked: list[float] = []

    def before(reach_s: float) -> tuple[int, int]:
        asked.append(reach_s)
        return 50, 15

    share.check("t", 0, 4, "x", before)
    with pytest.raises(Fatal, match=r"20 of the 70 records"):
        share.check("t", 0, 5, "x", before)
    now[0] += 45.0
    with pytest.raises(Fatal, match=r"20 of the 70 records"):
        share.check("t", 0, 5, "x", before)
    now[0] += 15.0
    share.check("t", 0, 19, "x", before)
    assert asked == [60.0, 60.0, 15.0]
