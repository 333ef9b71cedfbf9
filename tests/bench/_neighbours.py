"""The other design that was tried: a story goes where most of its nearest stories are, a graph of neighbours instead of centroids."""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Sequence
from heapq import nlargest

from processors.logic.topics.weights import SCALE, Frequencies, Vector
from processors.logic.topics.words import runs_of, terms_in
from tests.support.clusters import TERMS, State

NEAREST = 10


def neighbours(texts: Sequence[str], size: int, step: int, alike: float) -> list[State]:
    """The states of a window as `topic_ways.ours` gives them; a story is a neighbour from the cosine `alike` on."""
    frequencies = Frequencies()
    kept: OrderedDict[int, tuple[Vector, int, list[str]]] = OrderedDict()
    having: dict[str, dict[int, int]] = {}
    states = []
    for number, text in enumerate(texts):
        terms = list(terms_in(runs_of(text)))
        frequencies.add(terms)
        vector = frequencies.vector(terms)
        near: Counter[int] = Counter()
        for term, weight in vector.items():
            for other, theirs in having.get(term, {}).items():
                near[other] += weight * theirs
        votes: Counter[int] = Counter()
        for product, other in nlargest(NEAREST, ((product, other) for other, product in near.items())):
            if product >= alike * SCALE * SCALE:
                votes[kept[other][1]] += product
        topic = max(votes, key=lambda one: (votes[one], -one)) if votes else number
        kept[number] = vector, topic, terms
        for term, weight in vector.items():
            having.setdefault(term, {})[number] = weight
        if len(kept) > size:
            oldest, (gone, _, old_terms) = kept.popitem(last=False)
            frequencies.remove(old_terms)
            for term in gone:
                del having[term][oldest]
        if number + 1 >= size and (number + 1 - size) % step == 0:
            states.append(_state(kept))
    return states


def _state(kept: OrderedDict[int, tuple[Vector, int, list[str]]]) -> State:
    sums: dict[int, Counter[str]] = {}
    for vector, topic, _ in kept.values():
        sums.setdefault(topic, Counter()).update({t: w for t, w in vector.items() if " " not in t})
    words: dict[Hashable, list[str]] = {
        topic: [term for term, _ in total.most_common(TERMS)] for topic, total in sums.items()
    }
    return State({number: topic for number, (_, topic, _) in kept.items()}, words)
