import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from producers.base import Batch, Item, Refused
from producers.clock import now_ms
from producers.collectors.replay import Replay
from producers.dead_letter import RAW_BYTES, dead_letter
from producers.recorded.lines import LINE_BYTES
from producers.recorded.track import Pass
from schemas.codec import Codec
from schemas.errors import Fatal, Poison
from schemas.registry import PinnedIds
from schemas.topics import DAY_MS, MAX_RECORD_BYTES


def row(number: int, ts: str = "", **fields: Any) -> str:
    stamp = ts or f"2015-07-01T00:{number // 60:02}:{number % 60:02}Z"
    return json.dumps(
        {"ts": stamp, "id": f"i{number}", "text": f"post {number}", "source": "twitter/t"} | fields
    )


def write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def collect(
    files: Sequence[Path],
    cursors: dict[str, str],
    *,
    shift: int | None = None,
    speed: float | None = None,
    take: int | None = None,
) -> list[Item | Refused]:
    """Run one replay as the runner would, storing the cursors; `take` batches only, then stop."""
    stop = Event()
    items: list[Item | Refused] = []
    replay = Replay(files, {"cnbci": "Asia/Jakarta"}, speed=speed, shift=shift)
    for number, batch in enumerate(replay.collect(replay.sources()[0], cursors, stop), 1):
        items += batch.items
        cursors.update((cursor.source, cursor.value) for cursor in batch.cursors)
        if number == take:
            stop.set()
    return items


def ids(items: Sequence[Item | Refused]) -> list[str]:
    return [item.record["id"] for item in items if isinstance(item, Item)]


def passes(cursors: dict[str, str]) -> list[Pass]:
    return sorted((Pass.model_validate_json(value) for value in cursors.values()), key=lambda one: one.number)


def test_a_finished_file_is_replayed_again_with_the_same_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(n) for n in range(2500)])
    cursors: dict[str, str] = {}
    first = collect([path], cursors)
    assert ids(first) == [f"x:i{n}" for n in range(2500)]
    assert ids(collect([path], cursors)) == ids(first)
    assert [(one.number, one.line, one.done) for one in passes(cursors)] == [(1, 2500, True), (2, 2500, True)]


def test_a_cut_pass_goes_on_where_it_stood(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(n) for n in range(2500)])
    cursors: dict[str, str] = {}
    before = collect([path], cursors, take=2)
    assert 0 < len(before) < 2500
    after = collect([path], cursors)
    assert ids(before) + ids(after) == [f"x:i{n}" for n in range(2500)]
    assert [one.number for one in passes(cursors)] == [1]


def test_a_renamed_copy_is_the_same_file_and_a_changed_one_is_not(tmp_path: Path) -> None:
    cursors: dict[str, str] = {}
    collect([write(tmp_path / "a.jsonl", [row(1)])], cursors)
    collect([write(tmp_path / "b.jsonl", [row(1)])], cursors)
    assert [one.number for one in passes(cursors)] == [1, 2]
    collect([write(tmp_path / "a.jsonl", [row(1), row(2)])], cursors)
    assert sorted(one.number for one in passes(cursors)) == [1, 1, 2]


def test_a_shift_is_kept_for_its_pass_and_taken_anew_for_the_next(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(n) for n in range(1500)])
    cursors: dict[str, str] = {}
    begun = now_ms()
    before = collect([path], cursors, shift=0, take=2)
    stored = passes(cursors)[0]
    after = collect([path], cursors, shift=0)
    assert passes(cursors)[0].shift_ms == stored.shift_ms
    newest = max(item.record["published_at"] for item in [*before, *after] if isinstance(item, Item))
    assert begun <= newest <= now_ms()
    assert ids(before) + ids(after) == [f"x:i{n}" for n in range(1500)]
    collect([path], cursors, shift=0)
    assert passes(cursors)[1].shift_ms is not None
    assert ids(collect([path], cursors)) == ids(before) + ids(after)
    assert passes(cursors)[2].shift_ms is None


def test_a_shift_may_end_days_ago(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(n) for n in range(3)])
    begun = now_ms()
    items = collect([path], {}, shift=31)
    newest = max(item.record["published_at"] for item in items if isinstance(item, Item))
    assert begun <= newest + 31 * 86_400_000 <= now_ms()


def test_the_shift_is_stored_before_anything_is_moved_by_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(1)])
    replay = Replay([path], {}, speed=None, shift=0)
    first = next(iter(replay.collect("a.jsonl", {}, Event())))
    assert isinstance(first, Batch)
    assert not first.items
    assert Pass.model_validate_json(first.cursors[0].value).shift_ms is not None


def test_files_of_one_command_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    even = write(tmp_path / "even.jsonl", [row(n) for n in range(0, 100, 2)])
    odd = write(tmp_path / "odd.jsonl", [row(n) for n in range(1, 100, 2)])
    assert ids(collect([even, odd], {})) == [f"x:i{n}" for n in range(100)]


def test_a_file_keeps_its_own_order_even_where_its_times_do_not(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(3), row(1), row(2)])
    other = write(tmp_path / "b.jsonl", [row(0), row(9)])
    assert ids(collect([path, other], {})) == ["x:i0", "x:i3", "x:i1", "x:i2", "x:i9"]


def test_a_cut_command_does_not_repeat_the_files_it_had_finished(tmp_path: Path) -> None:
    short = write(tmp_path / "short.jsonl", [row(n) for n in range(10)])
    long = write(tmp_path / "long.jsonl", [row(n) for n in range(10, 3000)])
    cursors: dict[str, str] = {}
    before = collect([short, long], cursors, take=3)
    after = collect([short, long], cursors)
    assert ids(before) + ids(after) == [f"x:i{n}" for n in range(3000)]
    assert len(collect([short, long], cursors)) == 3000


def test_days_stay_days_in_their_order_of_publication(tmp_path: Path) -> None:
    days = ["2024-01-01"] * 3 + ["2024-01-02"] * 2
    path = write(tmp_path / "a.jsonl", [row(n, ts=day, seq=n, source="cnbci") for n, day in enumerate(days)])
    items = collect([path], {}, shift=0)
    times = [item.record["published_at"] for item in items if isinstance(item, Item)]
    assert ids(items) == [f"news:i{n}" for n in range(5)]
    assert times[3] - times[0] == DAY_MS
    assert now_ms() - DAY_MS < times[-1] <= now_ms()


def test_what_is_malformed_or_too_long_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    long = b'{"text": "' + b"x" * LINE_BYTES
    path.write_bytes(b"\n".join([row(1).encode(), b"{", b"", long, row(2).encode(), b'{"ts": "2015"}']))
    items = collect([path], {})
    assert ids(items) == ["x:i1", "x:i2"]
    refused = [item for item in items if isinstance(item, Refused)]
    assert [(one.origin, one.why.reason, one.raw_size) for one in refused] == [
        ("a.jsonl:2", "malformed", 1),
        ("a.jsonl:4", "oversized", len(long) + 1),
        ("a.jsonl:6", "malformed", 14),
    ]


def test_prices_become_candles(tmp_path: Path) -> None:
    lines = [
        "date,symbol,open,high,low,close,volume",
        "2015-01-02,AAPL,1,2,0.5,1.5,10",
        "2015-01-05,AAPL,1,2,3",
    ]
    items = collect([write(tmp_path / "p.csv", lines)], {})
    assert [item.record["symbol"] for item in items if isinstance(item, Item)] == ["AAPL"]
    assert [item.origin for item in items] == ["p.csv:2", "p.csv:3"]


def test_a_speed_spreads_the_times(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(0), row(30), row(60)])
    began = now_ms()
    items = collect([path], {}, speed=200)
    collected = [item.record["collected_at"] for item in items if isinstance(item, Item)]
    # Each after its own time: how late the first one is, the machine decides.
    assert collected[1] - began >= 150
    assert collected[2] - began >= 300


def test_a_missing_file_is_named() -> None:
    with pytest.raises(Fatal, match=r"nothing\.jsonl is not a file"):
        Replay([Path("nothing.jsonl")], {}, speed=None, shift=None).check()


def test_a_dead_letter_keeps_bounded_bytes_and_a_stable_id() -> None:
    refused = Refused("a.jsonl:4", b"x" * (RAW_BYTES + 5), 10**9, Poison("oversized", "d" * 9000))
    letter = dead_letter(refused, "replay")
    assert (letter["origin"], letter["stage"], letter["reason"]) == ("a.jsonl:4", "replay", "oversized")
    assert (len(letter["raw"]), letter["raw_size"]) == (RAW_BYTES, 10**9)
    assert dead_letter(refused, "replay")["id"] == letter["id"]
    assert dead_letter(Refused("a.jsonl:5", refused.raw, 1, refused.why), "replay")["id"] != letter["id"]
    assert len(Codec(PinnedIds()).encode("dead_letter", letter)) < MAX_RECORD_BYTES
