"""One recorded file under replay: the pass it is in, and its lines from where that pass stands."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, ConfigDict

from producers.base import Cursor, Item, Refused
from producers.clock import event_at, now_ms
from producers.recorded.candle import CandleReader
from producers.recorded.lines import LINE_BYTES, Line, read_lines
from producers.recorded.post import PostReader
from producers.recorded.times import shift_to
from schemas.errors import Fatal, Poison
from schemas.events import Millis
from schemas.topics import DAY_MS


class Pass(BaseModel):
    """The cursor of one pass: its first `line` lines, which end at byte `offset`, are acknowledged.

    Passes that one command began together have the same `begun_at`.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    number: int
    begun_at: Millis
    line: int = 0
    offset: int = 0
    shift_ms: int | None = None
    done: bool = False


class Read(NamedTuple):
    """One line and what it says; `at` is its event time, never less than that of the line before."""

    at: Millis
    track: "Track"
    line: Line
    topic: str
    record: dict[str, Any] | Poison

    def collected(self) -> Item | Refused:
        """What to publish, collected now."""
        origin = f"{self.track.name}:{self.line.number}"
        if isinstance(self.record, Poison):
            return Refused(origin, self.line.data, self.line.size, self.record)
        now = self.record["collected_at"] = now_ms()
        if self.topic == "posts":
            self.record["event_at"] = event_at(self.record["published_at"], now)
        return Item(self.topic, self.record, origin, self.line.data)


class Track:
    """A file that is open; known by its content, so that a copy under another name is the same."""

    def __init__(self, path: Path, zones: Mapping[str, str], collector: str, closing: ExitStack) -> None:
        self.name = path.name
        try:
            self._file = closing.enter_context(path.open("rb"))
        except OSError as error:
            raise Fatal(f"cannot read {path}: {error.strerror}") from error
        self._content = file_digest(self._file, "sha256").hexdigest()[:24]
        self._reader: PostReader | CandleReader
        if path.suffix.lower() == ".csv":
            self._file.seek(0)
            self._reader = CandleReader(self._file.readline(LINE_BYTES), collector)
        else:
            self._reader = PostReader(zones, collector)
        self._pass = Pass(file=self.name, number=0, begun_at=0)
        self._line, self._offset, self._done = 0, 0, False

    def last(self, cursors: Mapping[str, str]) -> Pass | None:
        """The last pass that was begun over this content."""
        found, number = None, 1
        while (stored := cursors.get(self._checkpoint(number))) is not None:
            found = Pass.model_validate_json(stored)
            number += 1
        return found

    def begin(self, number: int, begun_at: Millis, *, shift: int | None) -> Pass:
        """A new pass; with `shift`, its newest readable item is moved to so many days before now."""
        shift_ms = None if shift is None else self._shift_ms(now_ms() - shift * DAY_MS)
        return Pass(file=self.name, number=number, begun_at=begun_at, shift_ms=shift_ms)

    def take_up(self, current: Pass) -> None:
        """Read on where `current` stands."""
        self._pass = current
        self._line, self._offset, self._done = current.line, current.offset, current.done

    def advance(self, line: Line) -> None:
        """Everything up to and with `line` is handed over."""
        self._line, self._offset = line.number, line.end

    @property
    def current(self) -> Pass:
        """The pass as far as lines are handed over."""
        where = {"line": self._line, "offset": self._offset, "done": self._done}
        return self._pass.model_copy(update=where)

    def cursor(self) -> Cursor:
        """The current pass, to be stored."""
        return Cursor(self._checkpoint(self._pass.number), self.current.model_dump_json())

    def reads(self) -> Iterator[Read]:
        """The lines after the cursor, empty ones and a header left out; the pass is done when they end."""
        at, shift_ms = 0, self._pass.shift_ms or 0
        candles = isinstance(self._reader, CandleReader)
        topic, timed = ("candles", "start") if candles else ("posts", "published_at")
        for line in read_lines(self._file, self._offset, self._line):
            if not line.data.strip() or (candles and line.number == 1):
                continue
            record = self._record(line, shift_ms)
            if not isinstance(record, Poison):
                at = max(at, record[timed])
            yield Read(at, self, line, topic, record)
        self._done = True

    def _record(self, line: Line, shift_ms: int) -> dict[str, Any] | Poison:
        if line.cut:
            return Poison("oversized", f"a line of {line.size} bytes; the limit is {LINE_BYTES}")
        try:
            return cast("dict[str, Any]", self._reader.read(line.data, shift_ms, 0))
        except Poison as why:
            return why

    def _shift_ms(self, to: Millis) -> int:
        newest = None
        for line in read_lines(self._file):
            try:
                found = None if line.cut else self._reader.time(line.data)
            except Poison:
                continue
            if found is not None and (newest is None or found[0] > newest[0]):
                newest = found
        return 0 if newest is None else shift_to(to, *newest)

    def _checkpoint(self, number: int) -> str:
        return f"{self._content}/{number}"
