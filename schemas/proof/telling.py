"""What the rows of each question tell, as differences."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from schemas.proof.answer import Difference, Row
from schemas.proof.bounds import Frame
from schemas.proof.targets import Summed
from schemas.tables import QUOTE_MINUTES, QUOTES

Rows = Sequence[Row]
_TOPIC = "posts"
_NAMED = 10


def ledgers(rows: Rows) -> list[Difference]:
    """Hours and sources of which other than what the receipts say has landed."""
    return [
        Difference(
            "ledger",
            f"{row['source']} {datetime.fromtimestamp(row['hour'] / 1000, UTC):%Y-%m-%d %H:%M}",
            row["mentions"],
            row["landed"],
            "mentions by receipts, mentions landed",
        )
        for row in rows
    ]


def ties(rows: Rows) -> list[Difference]:
    """Where a receipt does not begin right after those before it."""
    found = []
    for row in rows:
        reached, first = row["reached"], row["first_offset"]
        if first > reached + 1:
            found.append(_of_posts("hole", row["partition"], reached + 1, first - 1, "in no receipt"))
        else:
            last = min(reached, row["last_offset"])
            found.append(_of_posts("overlap", row["partition"], first, last, "in two receipts"))
    return found


def uncovered(
    frame: Frame, near: Mapping[int, tuple[int, int]], ends: Mapping[int, tuple[int, int]]
) -> list[Difference]:
    """Offsets before the first and after the last receipt of the frame, up to the nearest receipts outside of it."""
    found = []
    for partition, (low, high) in sorted(frame.widened(near).items()):
        before, after = near.get(partition, (-1, -1))
        first, last = ends.get(partition, (high + 1, high))
        if first > low:
            what, why = (
                ("hole", "in no receipt") if before >= 0 else ("uncovered", "before the first receipt")
            )
            found.append(
                _of_posts(what, partition, low, first - 1, why if partition in ends else "in no receipt")
            )
        if last < high:
            what, why = ("hole", "in no receipt") if after >= 0 else ("uncovered", "after the last receipt")
            found.append(_of_posts(what, partition, last + 1, high, why))
    return found


def miscounts(rows: Rows) -> list[Difference]:
    """Receipts whose range, totals and counts by source disagree."""
    return [
        Difference(
            "miscounted",
            f"{_TOPIC}[{row['partition']}] receipt {row['id']}",
            row["last_offset"] - row["first_offset"] + 1,
            row["records"],
            f"outcomes {row['outcomes']}, counts by source {row['counted']}, "
            f"repeats {row['repeats']} of which {row['listed']} are listed",
            _TOPIC,
            row["partition"],
            (row["first_offset"], row["last_offset"]),
        )
        for row in rows
    ]


def receipts(
    suspects: Rows, lost: Rows, unlanded: Rows, posts: Rows, sources: Sequence[str]
) -> list[Difference]:
    """Receipts of which other than what they say has landed, and the offsets that are missing.

    Where sources are asked for, what is known to be another's is left out.
    """
    found = []
    for row in suspects:
        key = (row["partition"], row["first_offset"])
        gone = [one for one in lost if (one["partition"], one["begins"]) == key]
        ours = [one for one in gone if not _others(one, posts, sources)]
        absent = [one for one in unlanded if (one["partition"], one["begins"]) == key]
        if row["lost"] and (ours or not gone):
            found.append(_receipt(row))
        found += [_lost(row, one, posts) for one in ours]
        found += [
            _of_posts(
                "unlanded",
                one["partition"],
                one["low"],
                one["high"],
                f"posts of receipt {row['id']} not in posts",
            )
            for one in absent
        ]
    return found


def twice(rows: Rows) -> list[Difference]:
    """Positions that landed more than once."""
    return [
        Difference(
            "doubled",
            f"{row['landed']}[{row['partition']}] offset {row['at']}",
            1,
            row["n"],
            "rows of one position",
            row["topic"],
            row["partition"],
            (row["at"], row["at"]),
        )
        for row in rows
    ]


def summed(target: Summed, rows: Rows) -> list[Difference]:
    """Days of which a target does not add up every mention once, under its own keys."""
    return [
        Difference(
            "metrics",
            f"{target.table}[{row['partition']}] {row['day']} {' '.join(row[name] for name in target.told)}",
            row["expected"],
            row["found"],
            f"added up from {target.source}, sums of {target.table}"
            + ("" if row["expected"] != row["found"] else "; as many, but of other keys or with other sums"),
            target.source,
            row["partition"],
        )
        for row in rows
    ]


def quoted(rows: Rows) -> list[Difference]:
    """Days and symbols of which a minute is not what its quotes make."""
    return [
        Difference(
            "metrics",
            f"{QUOTE_MINUTES}[{row['partition']}] {row['day']} {row['symbol']}",
            row["expected"],
            row["found"],
            f"ticks of the {row['minutes']} minutes that are not what {QUOTES} make",
            QUOTES,
            row["partition"],
        )
        for row in rows
    ]


def _of_posts(what: str, partition: int, first: int, last: int, detail: str) -> Difference:
    count = last - first + 1
    expected, found = (count, 2 * count) if what == "overlap" else (count, 0)
    where = f"{_TOPIC}[{partition}] offsets {first}-{last}"
    return Difference(what, where, expected, found, detail, _TOPIC, partition, (first, last))


def _receipt(row: Row) -> Difference:
    return Difference(
        "receipt",
        f"{_TOPIC}[{row['partition']}] receipt {row['id']}",
        row["mentions"],
        row["mentions_landed"],
        f"mentions; dead letters {row['dead_letters']}, of which {row['letters_landed']} landed",
        _TOPIC,
        row["partition"],
        (row["first_offset"], row["last_offset"]),
    )


def _lost(row: Row, stretch: Row, posts: Rows) -> Difference:
    names = [f"{one['id']} ({one['place']})" for one in _posts_of(stretch, posts)[:_NAMED]]
    whose = f": {', '.join(names)}" if names else ""
    return _of_posts(
        "lost",
        stretch["partition"],
        stretch["low"],
        stretch["high"],
        f"of receipt {row['id']}, became nothing{whose}",
    )


def _posts_of(stretch: Row, posts: Rows) -> list[Row]:
    return [
        one
        for one in posts
        if one["partition"] == stretch["partition"] and stretch["low"] <= one["at"] <= stretch["high"]
    ]


def _others(stretch: Row, posts: Rows, sources: Sequence[str]) -> bool:
    """Whether all offsets of a stretch are known to be of sources that are not asked about."""
    known = _posts_of(stretch, posts)
    if not sources or len(known) < stretch["n"]:
        return False
    return not any({one["place"], one["place"].partition("/")[2]} & set(sources) for one in known)
