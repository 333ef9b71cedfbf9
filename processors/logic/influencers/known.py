"""Which authors are remembered, the longest silent first."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from processors.logic.influencers.rows import TOUCHED, Row


class Known:
    """The authors of one partition. Follows from the committed rows, and changes only after a commit."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._order = OrderedDict.fromkeys(sorted(rows, key=lambda key: int(rows[key][TOUCHED])))
        self.touched = max((int(row[TOUCHED]) for row in rows.values()), default=-1) + 1
        """How many partials there have been."""

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, author: object) -> bool:
        return author in self._order

    @property
    def silent(self) -> Iterable[str]:
        """The authors, the longest silent first."""
        return self._order

    def take(self, touched: int, forgotten: Iterable[str], heard: Iterable[str]) -> None:
        """A batch has committed: how many partials there have been, who was forgotten, who was told of, the latest last."""
        self.touched = touched
        for author in forgotten:
            self._order.pop(author, None)
        for author in heard:
            self._order[author] = None
            self._order.move_to_end(author)
