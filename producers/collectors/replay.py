"""Replay: recorded posts (JSON lines) and daily prices (CSV) as if they were collected now.

A pass is one replay of a file, known by its content. Its cursor and its time shift are kept per file and pass: a
pass that was cut goes on where it stood, under the same shift; a file whose last pass is finished begins a new one.
"""

import time
from collections.abc import Generator, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path
from threading import Event
from typing import BinaryIO

import orjson
import structlog
from pydantic import BaseModel, ConfigDict

from producers.base import Batch, Cursor, Item, Refused
from producers.clock import now_ms
from producers.recorded.candle import CandleReader
from producers.recorded.lines import LINE_BYTES, Line, read_lines
from producers.recorded.post import PostReader
from producers.recorded.times import shift_to_now
from schemas.errors import Fatal, Poison
from schemas.events import Millis

NAME = "replay"
_BATCH_ITEMS = 1_000
_OVERSIZED = f"a line of more than {LINE_BYTES} bytes"


class Pass(BaseModel):
    """The cursor of one pass: the first `line` lines, which end at byte `offset`, are acknowledged."""

    model_config = ConfigDict(frozen=True)

    file: str
    number: int
    line: int = 0
    offset: int = 0
    shift_ms: int | None = None
    done: bool = False


class Replay:
    """Replays `files` one after the other, once.

    `speed` is event seconds per second, None as fast as possible; `shift` moves the times of a pass so that its
    newest item is now.
    """

    name = NAME

    def __init__(
        self, files: Sequence[Path], zones: Mapping[str, str], *, speed: float | None, shift: bool
    ) -> None:
        self._files = {str(path): path for path in files}
        self._zones = zones
        self._speed = speed
        self._shift = shift

    def sources(self) -> Sequence[str]:
        """The files as given."""
        return list(self._files)

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """A file is replayed once."""
        return None

    def check(self) -> str:
        """The files and their sizes; raises Fatal where one is missing."""
        for path in self._files.values():
            if not path.is_file():
                raise Fatal(f"{path} is not a file")
        return ", ".join(f"{path} ({path.stat().st_size} bytes)" for path in self._files.values())

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """The rest of the unfinished pass over this file, or a new pass."""
        path = self._files[source]
        try:
            file = path.open("rb")
        except OSError as error:
            raise Fatal(f"cannot read {path}: {error.strerror}") from error
        with file:
            content = file_digest(file, "sha256").hexdigest()[:24]
            reader = self._reader(path, file)
            current = self._pass(content, path, cursors, file, reader)
            structlog.get_logger().info("replay_pass", **current.model_dump())
            yield from self._batches(content, current, file, reader, stop)

    def _reader(self, path: Path, file: BinaryIO) -> PostReader | CandleReader:
        if path.suffix.lower() != ".csv":
            return PostReader(self._zones, NAME)
        file.seek(0)
        return CandleReader(file.readline(LINE_BYTES), NAME)

    def _pass(
        self,
        content: str,
        path: Path,
        cursors: Mapping[str, str],
        file: BinaryIO,
        reader: PostReader | CandleReader,
    ) -> Pass:
        number = 1
        while (stored := cursors.get(f"{content}/{number}")) is not None:
            kept = Pass.model_validate_json(stored)
            if not kept.done and (kept.shift_ms is not None) == self._shift:
                return kept
            number += 1
        shift_ms = _shift_ms(file, reader) if self._shift else None
        return Pass(file=path.name, number=number, shift_ms=shift_ms)

    def _batches(
        self,
        content: str,
        current: Pass,
        file: BinaryIO,
        reader: PostReader | CandleReader,
        stop: Event,
    ) -> Generator[Batch]:
        key = f"{content}/{current.number}"
        items: list[Item | Refused] = []
        line, offset = current.line, current.offset
        pace = _Pace(self._speed)

        def batch(*, done: bool = False) -> Batch:
            moved = current.model_copy(update={"line": line, "offset": offset, "done": done})
            return Batch(tuple(items), Cursor(key, orjson.dumps(moved.model_dump()).decode()))

        # Before anything moved by it is published, the shift must be known to whoever goes on with this pass.
        yield batch()
        for read in read_lines(file, offset, line):
            if stop.is_set():
                break
            item = _item(read, current, reader)
            if item is not None:
                wait_s = pace.wait_s(item)
                if wait_s > 0:
                    if items:
                        yield batch()
                        items.clear()
                    if stop.wait(wait_s):
                        break
                    item = _item(read, current, reader) or item
                items.append(item)
            line, offset = read.number, read.end
            if len(items) >= _BATCH_ITEMS:
                yield batch()
                items.clear()
        else:
            yield batch(done=True)
            return
        yield batch()


def _item(line: Line, current: Pass, reader: PostReader | CandleReader) -> Item | Refused | None:
    """What one line becomes; None for an empty one and a header."""
    if not line.data.strip() or (line.number == 1 and isinstance(reader, CandleReader)):
        return None
    origin = f"{current.file}:{line.number}"
    if line.cut:
        return Refused(origin, line.data, line.size, Poison("oversized", _OVERSIZED))
    try:
        shift_ms = current.shift_ms or 0
        if isinstance(reader, CandleReader):
            return Item("candles", reader.read(line.data, shift_ms, now_ms()), origin, line.data)
        return Item("posts", reader.read(line.data, shift_ms, now_ms()), origin, line.data)
    except Poison as why:
        return Refused(origin, line.data, line.size, why)


def _shift_ms(file: BinaryIO, reader: PostReader | CandleReader) -> int:
    """The shift that moves the newest readable item of the file to now; 0 where there is none."""
    newest = None
    for line in read_lines(file):
        if line.cut:
            continue
        try:
            found = reader.time(line.data)
        except Poison:
            continue
        if newest is None or found[0] > newest[0]:
            newest = found
    return 0 if newest is None else shift_to_now(*newest, now_ms())


class _Pace:
    """When an item is due: its distance in event time from the first one, divided by the speed."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._first: tuple[Millis, float] | None = None

    def wait_s(self, item: Item | Refused) -> float:
        """Seconds until `item` is due; what has no time of its own is due at once."""
        if self._speed is None or isinstance(item, Refused):
            return 0
        at: Millis = item.record["start" if item.topic == "candles" else "published_at"]
        if self._first is None:
            self._first = (at, time.monotonic())
            return 0
        first_at, started = self._first
        return started + (at - first_at) / 1000 / self._speed - time.monotonic()
