"""Two ways to find topics in a rolling window: ours, and TF-IDF with KMeans over the whole window, as it was done before."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer

from processors.logic.topics.survey import survey
from processors.logic.topics.window import Bounds, Window
from processors.logic.topics.words import runs_of
from tests.support.clusters import TERMS, State
from tests.support.subjects import story

EVER = 10**12
FEATURES = 1_000
CLUSTERS = 10


def ours(texts: Sequence[str], size: int, step: int, **bounds: Any) -> list[State]:
    """The states of a window of `size` stories after every `step` of them, from the first full one on."""
    window = Window(Bounds(EVER, size, **bounds))
    states = []
    for number, text in enumerate(texts):
        window.read(story(number, text))
        survey(window)
        if _is_due(number, size, step):
            clusters = {int(one.id, 16): one.topic for one in window.stories.values()}
            states.append(State(clusters, {one.id: _leading(one.sums) for one in window.topics.values()}))
    return states


def plain(texts: Sequence[str], size: int, step: int, clusters: int = CLUSTERS) -> list[State]:
    """The same with TF-IDF of the 1,000 most frequent words and KMeans, begun anew over the whole window for each state.

    The words are ours, without stop words, which is more than it was given.
    """
    words = [[word for run in runs_of(text) for word in run] for text in texts]
    states = []
    for number in range(len(texts)):
        if not _is_due(number, size, step):
            continue
        first = number + 1 - size
        vectorizer = TfidfVectorizer(max_features=FEATURES, analyzer=list)
        matrix = vectorizer.fit_transform(words[first : number + 1])
        means = KMeans(clusters, n_init=3, random_state=0).fit(matrix)
        names = vectorizer.get_feature_names_out()
        leading: dict[Hashable, list[str]] = {
            cluster: [str(names[at]) for at in np.argsort(-centre)[:TERMS]]
            for cluster, centre in enumerate(means.cluster_centers_)
        }
        labels = means.labels_.tolist()
        states.append(State({first + at: label for at, label in enumerate(labels)}, leading))
    return states


def words_of(text: str) -> set[str]:
    """The different words of a text, as all ways see them."""
    return {word for run in runs_of(text) for word in run}


def _is_due(number: int, size: int, step: int) -> bool:
    return number + 1 >= size and (number + 1 - size) % step == 0


def _leading(sums: dict[str, int]) -> list[str]:
    alone = [(-weight, term) for term, weight in sums.items() if " " not in term]
    return [term for _, term in sorted(alone)[:TERMS]]
