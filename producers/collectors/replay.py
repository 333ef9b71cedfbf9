"""Replay: recorded posts (JSON lines) and daily prices (CSV) as if they were collected now.

Files named together are replayed together, in order of their (shifted) event times; within a file the order is its
own. A pass is one replay of a file, known by its content. Its cursor and its time shift are kept per file and pass:
a command that was cut goes on where it stood, under the same shifts; after one that was finished, new passes begin.
"""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from threading import Event

import structlog

from producers.base import Batch, Item, Refused
from producers.clock import now_ms
from producers.recorded.track import Pass, Read, Track
from schemas.errors import Fatal
from schemas.events import Millis

NAME = "replay"
_BATCH_ITEMS = 1_000


class Replay:
    """Replays `files`, once.

    `speed` is event seconds per second, None as fast as possible; `shift` moves the times of a pass so that its
    newest item is of so many days ago (to the day, where no more is known); None leaves them as they are.
    """

    name = NAME
    parallel = 1
    timeout_s = None

    def __init__(
        self, files: Sequence[Path], zones: Mapping[str, str], *, speed: float | None, shift: int | None
    ) -> None:
        self._files = list(dict.fromkeys(files))
        self._zones = zones
        self._speed = speed
        self._shift = shift

    def sources(self) -> Sequence[str]:
        """One: the names of the files."""
        return [", ".join(path.name for path in self._files)]

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """Files are replayed once."""
        return None

    def check(self) -> str:
        """The files and their sizes; raises Fatal where one is missing."""
        for path in self._files:
            if not path.is_file():
                raise Fatal(f"{path} is not a file")
        return ", ".join(f"{path} ({path.stat().st_size} bytes)" for path in self._files)

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- of the protocol
        """Files are here or not."""
        return "files of this machine"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:  # noqa: ARG002 -- of the protocol
        """The rest of the passes that were cut, or new ones."""
        with ExitStack() as closing:
            tracks = self._tracks(cursors, closing)
            for track in tracks:
                structlog.get_logger().info("replay_pass", **track.current.model_dump())
            # Before anything moved by it is published, a shift must be known to whoever goes on with this pass.
            yield Batch((), tuple(track.cursor() for track in tracks))
            yield from _batches(tracks, _Pace(self._speed), stop)

    def _tracks(self, cursors: Mapping[str, str], closing: ExitStack) -> list[Track]:
        """The files to read, each in its pass; those that the cut command had finished are left out."""
        tracks = [Track(path, self._zones, NAME, closing) for path in self._files]
        last = [track.last(cursors) for track in tracks]
        cut = {one.begun_at for one in last if one is not None and self._goes_on(one)}
        begun_at = now_ms()
        reading = []
        for track, one in zip(tracks, last, strict=True):
            if one is not None and self._goes_on(one):
                track.take_up(one)
            elif one is None or one.begun_at not in cut:
                number = 1 if one is None else one.number + 1
                track.take_up(track.begin(number, begun_at, shift=self._shift))
            else:
                continue
            reading.append(track)
        return reading

    def _goes_on(self, one: Pass) -> bool:
        return not one.done and (one.shift_ms is not None) == (self._shift is not None)


def _batches(tracks: Sequence[Track], pace: "_Pace", stop: Event) -> Generator[Batch]:
    items: list[Item | Refused] = []
    touched: set[Track] = set()

    def batch() -> Batch:
        full = Batch(tuple(items), tuple(track.cursor() for track in touched))
        items.clear()
        touched.clear()
        return full

    reads = merge(*(track.reads() for track in tracks), key=lambda read: read.at)
    for read in reads:
        if items and pace.wait_s(read) > 0:
            yield batch()
        wait_s = pace.wait_s(read)
        if stop.wait(wait_s) if wait_s > 0 else stop.is_set():
            break
        items.append(read.collected())
        read.track.advance(read.line)
        touched.add(read.track)
        if len(items) >= _BATCH_ITEMS:
            yield batch()
    touched.update(tracks)
    yield batch()


class _Pace:
    """When a line is due: its distance in event time from the first one, divided by the speed."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._first: tuple[Millis, float] | None = None

    def wait_s(self, read: Read) -> float:
        """Seconds until `read` is due; a line without a time before the first one with a time is due at once."""
        if self._speed is None or not read.at:
            return 0
        if self._first is None:
            self._first = (read.at, time.monotonic())
        at, started = self._first
        return started + (read.at - at) / 1000 / self._speed - time.monotonic()
