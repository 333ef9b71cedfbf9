"""Which topics have a term and how much of it, so that a vector is compared with all topics at once."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from processors.logic.topics.weights import Numbers, Vector

MANY = 32
"""Topics from which on those of a term stand in arrays: below, a dict is smaller and as fast."""
FIRST = 64
"""Topics put in order first, for hardly anyone asks for more."""


class Postings:
    """Sums of weights by term and topic, and the squared length of every topic."""

    def __init__(self) -> None:
        self._few: dict[str, dict[int, int]] = {}
        self._many: dict[str, _Many] = {}
        self._slots: dict[str, int] = {}
        self._names: list[str] = []
        self._free: list[int] = []
        self._squared: Numbers = np.zeros(256)

    def put(self, name: str, sums: Mapping[str, int], terms: Iterable[str], squared: int) -> None:
        """A topic has changed: these of its terms weigh what `sums` says now, nothing where they are not in it."""
        slot = self._slots.get(name)
        if slot is None:
            slot = self._slots[name] = self._open(name)
        self._squared[slot] = squared
        for term in terms:
            weight = sums.get(term, 0)
            many = self._many.get(term)
            if many is not None:
                many.put(slot, weight)
                if len(many) < MANY // 2:
                    self._few[term] = self._many.pop(term).plain()
                continue
            few = self._few.get(term)
            if few is None:
                if weight:
                    self._few[term] = {slot: weight}
            elif weight:
                few[slot] = weight
                if len(few) > MANY:
                    self._many[term] = _Many(self._few.pop(term))
            else:
                few.pop(slot, None)
                if not few:
                    del self._few[term]

    def drop(self, name: str) -> None:
        """Forget a topic, none of whose terms weighs anything any more."""
        slot = self._slots.pop(name, None)
        if slot is not None:
            self._free.append(slot)

    def ranked(self, vector: Vector, squared: int, least: float = 0.0) -> Iterator[tuple[float, list[str]]]:
        """By falling cosine with a vector of that squared length, from `least` on, the topics that share a term with it.

        Topics of the same cosine come together, in no order.
        """
        products = self._products(vector)
        slots = np.flatnonzero(products)
        cosines = products[slots] / np.sqrt(squared * self._squared[slots])
        if least:
            enough = cosines >= least
            slots, cosines = slots[enough], cosines[enough]
        if len(slots) > FIRST:
            leading = cosines >= np.partition(cosines, -FIRST)[-FIRST]
            yield from self._ordered(slots[leading], cosines[leading])
            slots, cosines = slots[~leading], cosines[~leading]
        yield from self._ordered(slots, cosines)

    def _ordered(self, slots: NDArray[np.intp], cosines: Numbers) -> Iterator[tuple[float, list[str]]]:
        order = np.argsort(-cosines, kind="stable")
        names: list[str] = []
        last: float | None = None
        for cosine, slot in zip(cosines[order].tolist(), slots[order].tolist(), strict=True):
            if cosine != last and last is not None:
                yield last, names
                names = []
            last = cosine
            names.append(self._names[slot])
        if last is not None:
            yield last, names

    def _products(self, vector: Vector) -> Numbers:
        """The product of a vector with every topic, by slot."""
        products: Numbers = np.zeros(len(self._names))
        slots: list[int] = []
        values: list[int] = []
        for term, weight in vector.items():
            few = self._few.get(term)
            if few is not None:
                slots.extend(few)
                values.extend(weight * sums for sums in few.values())
                continue
            many = self._many.get(term)
            if many is not None:
                many.add_to(products, weight)
        if slots:
            products += np.bincount(slots, weights=values, minlength=len(products))
        return products

    def _open(self, name: str) -> int:
        if self._free:
            slot = self._free.pop()
            self._names[slot] = name
            return slot
        self._names.append(name)
        if len(self._names) > len(self._squared):
            self._squared = np.concatenate([self._squared, np.zeros(len(self._squared))])
        return len(self._names) - 1


class _Many:
    """Sums by slot of a term that many topics have: in no order, without gaps."""

    def __init__(self, few: Mapping[int, int]) -> None:
        self._at = {slot: at for at, slot in enumerate(few)}
        room = 2 * len(few)
        self._slots = np.zeros(room, dtype=np.intp)
        self._sums: Numbers = np.zeros(room)
        self._slots[: len(few)] = list(few)
        self._sums[: len(few)] = list(few.values())

    def __len__(self) -> int:
        return len(self._at)

    def put(self, slot: int, weight: int) -> None:
        at = self._at.get(slot)
        if weight:
            if at is None:
                at = self._at[slot] = len(self._at)
                if at == len(self._slots):
                    self._slots = np.concatenate([self._slots, np.zeros_like(self._slots)])
                    self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
                self._slots[at] = slot
            self._sums[at] = weight
        elif at is not None:
            del self._at[slot]
            last = len(self._at)
            if at != last:
                moved = int(self._slots[last])
                self._slots[at], self._sums[at] = moved, self._sums[last]
                self._at[moved] = at

    def plain(self) -> dict[int, int]:
        return {slot: int(self._sums[at]) for slot, at in self._at.items()}

    def add_to(self, products: Numbers, weight: int) -> None:
        count = len(self._at)
        # No slot stands here twice.
        products[self._slots[:count]] += weight * self._sums[:count]
