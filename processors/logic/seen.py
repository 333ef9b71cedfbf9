"""Which post ids were seen, at which offset first and in which hour last, and when they may be forgotten."""

from base64 import b85encode
from collections import deque
from collections.abc import Mapping
from hashlib import blake2b

HOUR_MS = 3_600_000
_HOUR_BITS = 20
_HOUR_MASK = (1 << _HOUR_BITS) - 1


def seen_key(post_id: str) -> str:
    """128 bits of the id in 20 characters: what an id costs does not depend on its length."""
    return b85encode(blake2b(post_id.encode(), digest_size=16).digest()).decode()


def pack(first_offset: int, hour: int) -> int:
    """One integer of at most 63 bits: the offset an id was first seen at and the hour (since 1970) it was last seen."""
    return first_offset << _HOUR_BITS | hour


def unpack(row: int) -> tuple[int, int]:
    """(first offset, hour last seen) of a row."""
    return row >> _HOUR_BITS, row & _HOUR_MASK


def judge(row: int | None, offset: int, hour: int, keep_hours: int) -> tuple[bool, int | None]:
    """(whether the record at `offset` repeats an earlier one, the row to be written or None where it stays).

    `hour` is the record's hour of collection. An id last seen more than `keep_hours` before counts as new.
    """
    if row is None:
        return False, pack(offset, hour)
    first, last = unpack(row)
    if last + keep_hours < hour:
        return False, pack(offset, hour)
    return offset > first, pack(first, hour) if hour > last else None


class Expiry:
    """The ids of one partition by the hour they were last seen, oldest first.

    An id stands here once for every hour it was seen in; its row tells whether an entry is the last one. Changes only
    through `restore`, `note` and `forget`, after a commit.
    """

    def __init__(self, keep_hours: int) -> None:
        self._keep = keep_hours
        self._hours: dict[int, deque[str]] = {}
        self._clock = 0

    def __len__(self) -> int:
        return sum(map(len, self._hours.values()))

    def note(self, key: str, hour: int) -> None:
        """An id was seen in that hour."""
        keys = self._hours.get(hour)
        if keys is None:
            keys = self._hours[hour] = deque()
        keys.append(key)
        self._clock = max(self._clock, hour)

    def restore(self, rows: Mapping[str, int]) -> None:
        """Start from committed rows."""
        for key, row in rows.items():
            self.note(key, unpack(row)[1])

    def due(self, rows: Mapping[str, int], at_most: int) -> tuple[list[str], int]:
        """(ids whose time is up, entries looked at); of the oldest, `at_most` entries are looked at."""
        found: list[str] = []
        looked_at = 0
        for hour in self._expired_hours():
            for key in self._hours[hour]:
                if looked_at == at_most:
                    return found, looked_at
                looked_at += 1
                row = rows.get(key)
                if row is not None and unpack(row)[1] <= hour:
                    found.append(key)
        return found, looked_at

    def forget(self, looked_at: int) -> None:
        """Drop the oldest entries, which a committed batch has looked at."""
        left = looked_at
        for hour in self._expired_hours():
            keys = self._hours[hour]
            while keys and left:
                keys.popleft()
                left -= 1
            if keys:
                return
            del self._hours[hour]

    def _expired_hours(self) -> list[int]:
        return sorted(hour for hour in self._hours if hour + self._keep < self._clock)
