"""The texts of the stories that are remembered: which of them share runs of words, which runs are boilerplate, which story is oldest."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.logic.stories.sample import Hashes, hashes_of
from processors.logic.stories.signature import Signature

INDEXED = 16
"""Hashes of a text under which it is found, its smallest; more find no more copies (make bench-stories) and cost memory."""
COMMON = 8
"""Indexed texts with a run from which it is boilerplate. Of one story few texts are indexed, so what is only much copied is none."""

_CELLS = 1 << 22
"""16 MiB. Runs that fall into one cell are counted together: of 50,000 texts about three for every four cells."""
_MASK = np.uint32(_CELLS - 1)


class Text(NamedTuple):
    """One text of a story; `source` is platform/source of its post."""

    story: str
    source: str
    signature: Signature


@dataclass(slots=True)
class Changes:
    """What a batch does to the index once it has committed."""

    added: dict[int, Text] = field(default_factory=dict)
    """Texts by their numbers."""
    dropped: set[int] = field(default_factory=set)
    touched: dict[str, None] = field(default_factory=dict)
    """Stories with a new post, the latest last."""
    forgotten: set[str] = field(default_factory=set)


class Index:
    """Follows from the committed rows, so it is the same after a restart: nothing depends on the order texts are added in."""

    def __init__(self) -> None:
        self._texts: dict[int, Text] = {}
        # Nearly every hash has one text; a list for each would take twice the memory.
        self._having: dict[int, int | list[int]] = {}
        self._counts = np.zeros(_CELLS, np.int32)
        self._stories: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._stories)

    @property
    def stories(self) -> Iterable[str]:
        """The stories, the one without a new post for longest first."""
        return self._stories

    @property
    def texts(self) -> Mapping[int, Text]:
        """Every text by its number."""
        return self._texts

    @property
    def highest(self) -> int:
        """The highest number of a text, -1 without any."""
        return max(self._texts, default=-1)

    def having(self, hashed: int) -> Sequence[int]:
        """The numbers of the texts that are found under a hash."""
        found = self._having.get(hashed, ())
        return (found,) if isinstance(found, int) else found

    def counts(self, hashes: Hashes) -> npt.NDArray[np.int32]:
        """How many texts have each of the hashes (or others of its cell)."""
        counts: npt.NDArray[np.int32] = self._counts[cells(hashes)]
        return counts

    def take(self, changes: Changes) -> None:
        """A batch has committed."""
        for number in changes.dropped:
            self._remove(number)
        for number, text in changes.added.items():
            self._add(number, text)
        for story in changes.forgotten:
            self._stories.pop(story, None)
        for story in changes.touched:
            self._stories[story] = None
            self._stories.move_to_end(story)

    def _add(self, number: int, text: Text) -> None:
        self._texts[number] = text
        hashes = hashes_of(text.signature)
        np.add.at(self._counts, cells(hashes), 1)
        for hashed in hashes[:INDEXED].tolist():
            others = self._having.get(hashed)
            if others is None:
                self._having[hashed] = number
            elif isinstance(others, int):
                self._having[hashed] = [others, number]
            else:
                others.append(number)

    def _remove(self, number: int) -> None:
        hashes = hashes_of(self._texts.pop(number).signature)
        np.add.at(self._counts, cells(hashes), -1)
        for hashed in hashes[:INDEXED].tolist():
            others = self._having[hashed]
            if isinstance(others, int):
                del self._having[hashed]
                continue
            others.remove(number)
            if len(others) == 1:
                self._having[hashed] = others[0]


def cells(hashes: Hashes) -> Hashes:
    """Where hashes are counted."""
    return hashes & _MASK
