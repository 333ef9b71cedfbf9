"""How well copies are told by SimHash, by MinHash in bands and by samples of word runs; what the stage costs and takes.

The generated posts (tests/support/reprints.py) say which copies which. SimHash and MinHash compare with every post of a group's past that
they can find; each at several thresholds.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import psutil

from processors.logic.fingerprint import fingerprint as simhash
from processors.logic.folded import fold
from processors.logic.stories.draft import Bounds, Draft
from processors.logic.stories.index import Index
from processors.logic.stories.rows import Row
from processors.logic.stories.signature import SIZE, signature
from schemas.events import Fingerprint
from tests.bench._minhash import BANDS, HASHES, MinHashes
from tests.bench.report import Row as Figure
from tests.bench.report import report
from tests.support.reprints import Told, reprints
from tests.support.storytelling import fingerprint, fingerprints, measured

_SEEDS = (1,)
_POSTS = 2_000
_BATCH = 200
_HELD = 20_000


def main() -> int:
    """Measure; the exit code."""
    sets = [reprints(seed, _POSTS) for seed in _SEEDS]
    rows: list[Figure] = []
    for name, find in _contenders().items():
        found = [measured(told, find(told)) for told in sets]
        rows.append(Figure(name, "precision", float(np.mean([one for one, _ in found])), "share"))
        rows.append(Figure(name, "recall", float(np.mean([other for _, other in found])), "share"))
    rows += _costs(sets[0])
    report("stories", rows)
    return 0


Links = list[dict[str, object]]


def _contenders() -> dict[str, Callable[[Sequence[Told]], Links]]:
    found: dict[str, Callable[[Sequence[Told]], Links]] = {"denyut": _samples}
    for bits in (3, 9, 12):
        found[f"simhash@{bits}"] = lambda told, bits=bits: _simhash(told, bits)  # type: ignore[misc]  # the default binds it
    for share in (0.3, 0.5):
        found[f"minhash@{share}"] = lambda told, share=share: _minhash(told, share)  # type: ignore[misc]  # as above
    return found


def _linked(told: Sequence[Told], copied: Sequence[int | None]) -> Links:
    """Links as the stage makes them: whoever copies belongs to the story of what he copies."""
    stories: list[str] = []
    links: Links = []
    for one, other in zip(told, copied, strict=True):
        stories.append(f"news:{one.number}" if other is None else stories[other])
        links.append({"post_id": f"news:{one.number}", "story_id": stories[-1], "is_copy": other is not None})
    return links


def _simhash(told: Sequence[Told], most: int) -> Links:
    """Of all posts before it the one whose 64 bits differ least, if by no more than `most`."""
    bits = np.array([simhash(fold(one.text)) for one in told], np.int64)
    copied: list[int | None] = [None]
    for number in range(1, len(told)):
        differ = np.bitwise_count(bits[:number] ^ bits[number])
        nearest = int(differ.argmin())
        copied.append(nearest if differ[nearest] <= most else None)
    return _linked(told, copied)


def _minhash(told: Sequence[Told], least: float) -> Links:
    """Of the posts before it that share a band the most alike one, if the estimated resemblance is no less than `least`."""
    index = MinHashes()
    return _linked(told, [index.take(fold(one.text), least) for one in told])


def _samples(told: Sequence[Told]) -> Links:
    stage = _Stage()
    stage.take(fingerprints(told))
    return stage.links


class _Stage:
    """What the stage does without Kafka."""

    def __init__(self, most: int = _HELD) -> None:
        self.index = Index()
        self.rows: dict[str, Row] = {}
        self.texts: dict[str, Row] = {}
        self.links: Links = []
        self._bounds = Bounds(72 * 3_600_000, most)
        self._number = self._touched = 0

    def take(self, told: Sequence[Fingerprint]) -> None:
        for at in range(0, len(told), _BATCH):
            draft = Draft(self.index, self.rows.get, self._bounds, self._number, self._touched)
            self.links += [dict(draft.join(one)) for one in told[at : at + _BATCH]]
            draft.finish()
            for table, writes in ((self.rows, draft.rows), (self.texts, draft.texts)):
                table.update({key: row for key, row in writes.items() if row is not None})
                for key in [key for key, row in writes.items() if row is None]:
                    table.pop(key, None)
            self.index.take(draft.changes)
            self._number, self._touched = draft.number, draft.touched


def _costs(told: Sequence[Told]) -> list[Figure]:
    folded = [fold(one.text) for one in told]
    words = sum(len(text.split()) for text in folded) / len(folded)
    for text in folded:
        signature(text)
    sampling = _cpu(lambda: [signature(text) for text in folded]) / len(folded)
    made = fingerprints(told)
    joining = _cpu(lambda: _Stage().take(made)) / len(made)
    full, grown, size = _full()
    return [
        Figure("set", "words_per_post", words, "words"),
        Figure("denyut", "signature", 1e6 * sampling, "µs of CPU a post"),
        Figure("denyut", "joining", 1e6 * joining, "µs of CPU a post"),
        Figure("denyut@full", "joining", 1e6 * full, "µs of CPU a post"),
        Figure("denyut@full", "stories", size, "stories"),
        Figure("denyut@full", "memory", grown, "MiB"),
        Figure("denyut", "signature_size", 4 * SIZE, "bytes at most"),
        Figure("minhash@0.5", "signature_size", 4 * HASHES, f"bytes, {BANDS} bands"),
    ]


def _full() -> tuple[float, float, int]:
    """(CPU seconds a post with as many stories held as may be, what holding them takes in MiB, how many they are)."""
    dice = random.Random(9)
    words = [f"kata{number}" for number in range(20_000)]
    told = [fingerprint(" ".join(dice.choices(words, k=150)), number) for number in range(_HELD)]
    stage, process = _Stage(), psutil.Process()
    before = process.memory_info().rss
    stage.take(told)
    grown = (process.memory_info().rss - before) / 2**20
    others = [
        fingerprint(" ".join(dice.choices(words, k=150)), number) for number in range(_HELD, _HELD + _POSTS)
    ]
    return _cpu(lambda: stage.take(others)) / len(others), grown, len(stage.index)


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
