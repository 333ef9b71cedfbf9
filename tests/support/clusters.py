"""How good clusters of stories are: against labels, by their words, and from one state of a window to the next."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb, log

from sklearn.metrics import normalized_mutual_info_score

TERMS = 10
LARGEST = 10
"""Topics whose coherence is measured: as many as the plain way has."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a window: the cluster of each story, and the leading words of each cluster."""

    clusters: Mapping[int, Hashable]
    words: Mapping[Hashable, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the states of a window."""

    nmi: float
    """Normalised mutual information with the labels, 0 to 1, of stories that have one; a story alone is a cluster."""
    b_cubed: float
    """F1 of B-cubed precision and recall (Bagga and Baldwin 1998): unlike NMI it does not favour many small clusters."""
    coherence: float
    """NPMI of the leading words (Bouma 2009), -1 to 1, of the ten largest clusters, over the stories of the window."""
    stability: float
    """Of pairs of stories that are together in one state and both in the next, the share that is together there."""


def quality(
    states: Sequence[State], labels: Mapping[int, Hashable], words: Mapping[int, set[str]]
) -> Quality:
    """`labels` and `words` by number of story; stories without a label count for coherence and stability alone."""
    judged = [{number: labels[number] for number in state.clusters if number in labels} for state in states]
    return Quality(
        _mean([_nmi(state, known) for state, known in zip(states, judged, strict=True)]),
        _mean([_b_cubed(state, known) for state, known in zip(states, judged, strict=True)]),
        _mean([_coherence(state, words) for state in states]),
        _mean([_together(one, other) for one, other in pairwise(states)]),
    )


def _nmi(state: State, known: Mapping[int, Hashable]) -> float:
    found = [str(state.clusters[number]) for number in known]
    return float(normalized_mutual_info_score([str(one) for one in known.values()], found))


def _b_cubed(state: State, known: Mapping[int, Hashable]) -> float:
    both = Counter((label, state.clusters[number]) for number, label in known.items())
    labels, clusters = Counter(known.values()), Counter(state.clusters[number] for number in known)
    precision = sum(count * count / clusters[cluster] for (_, cluster), count in both.items()) / len(known)
    recall = sum(count * count / labels[label] for (label, _), count in both.items()) / len(known)
    return 2 * precision * recall / (precision + recall)


def _coherence(state: State, words: Mapping[int, set[str]]) -> float:
    stories = [words[number] for number in state.clusters]
    sizes = Counter(state.clusters.values())
    largest = sorted(sizes, key=lambda one: (-sizes[one], str(one)))[:LARGEST]
    return _mean([_npmi(state.words[one][:TERMS], stories) for one in largest if len(state.words[one]) > 1])


def _npmi(words: Sequence[str], stories: Sequence[set[str]]) -> float:
    having = {word: {number for number, story in enumerate(stories) if word in story} for word in words}
    return _mean([_pair(having[one], having[other], len(stories)) for one, other in combinations(words, 2)])


def _pair(one: set[int], other: set[int], stories: int) -> float:
    both = len(one & other)
    if not both:
        return -1.0
    if both == stories:
        return 1.0
    return log(both * stories / (len(one) * len(other))) / -log(both / stories)


def _together(one: State, other: State) -> float:
    stayed = [number for number in one.clusters if number in other.clusters]
    before = Counter(one.clusters[number] for number in stayed)
    after = Counter((one.clusters[number], other.clusters[number]) for number in stayed)
    pairs = sum(comb(count, 2) for count in before.values())
    return sum(comb(count, 2) for count in after.values()) / pairs if pairs else 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
