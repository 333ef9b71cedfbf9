"""Topics of a generated window beside TF-IDF with KMeans of all of it: better by labels, by words and from state to state."""

from collections import Counter

from tests.support.clusters import State, quality
from tests.support.subjects import written
from tests.support.topic_ways import ours, plain, words_of

SIZE = 700
STEP = 150


def test_topics_are_better_than_kmeans_of_the_whole_window_in_all_three() -> None:
    made = written(20_261_129, 1_150, subjects=30)
    texts = [one.text for one in made]
    labels = {one.number: one.subject for one in made if one.subject is not None}
    words = {one.number: words_of(one.text) for one in made}
    states = ours(texts, SIZE, STEP)
    found = quality(states, labels, words)
    usual = quality(plain(texts, SIZE, STEP), labels, words)
    assert found.nmi > max(usual.nmi, 0.85)
    assert found.b_cubed > max(usual.b_cubed, 0.75)
    assert found.coherence > max(usual.coherence, 0.05)
    assert found.stability > max(usual.stability, 0.9)
    sizes = Counter(states[-1].clusters.values())
    assert 15 < sum(count > 2 for count in sizes.values()) < 70


def test_what_the_measures_say_of_known_clusters() -> None:
    labels = {0: "a", 1: "a", 2: "b", 3: "b"}
    words = {0: {"x", "y"}, 1: {"x", "y"}, 2: {"v", "w"}, 3: {"v", "w"}}
    right = State({0: 7, 1: 7, 2: 9, 3: 9}, {7: ["x", "y"], 9: ["v", "w"]})
    mixed = State({0: 7, 1: 9, 2: 7, 3: 9}, {7: ["x", "v"], 9: ["x", "w"]})
    best = quality([right, right], labels, words)
    assert (best.nmi, best.b_cubed, best.coherence, best.stability) == (1, 1, 1, 1)
    worst = quality([right, mixed], labels, words)
    assert worst.stability == 0
    alone = quality([mixed, mixed], labels, words)
    assert alone.nmi < 0.01
    assert alone.b_cubed == 0.5
    assert alone.coherence == -1
