"""The table of what is usual says of a pair what a baseline of its own would, or more where it shares its buckets."""

import random

import numpy as np
import pytest

from processors.logic.ewma import Baseline
from processors.logic.pairs.counted import Hashes, count, name_of, pair_hash
from processors.logic.pairs.sketch import BUCKETS, Sketch
from processors.logic.pairs.wording import MAX_WORDS, Wording, wording, words_in
from tests.support.storytelling import fingerprint

ALPHA = 0.05


def hashes(*names: str) -> Hashes:
    return np.sort(np.array([pair_hash(name) for name in names], np.uint64))


@pytest.mark.parametrize("share", [0.05, 0.4, 1.0])
def test_it_learns_as_a_baseline_does(share: float) -> None:
    dice = random.Random(4)
    sketch, baseline = Sketch(ALPHA), Baseline()
    pair = hashes("bandung gempa")
    for _ in range(120):
        scale = dice.uniform(0.5, 2)
        weight = dice.randint(1, 9) if dice.random() < share else 0
        if weight:
            sketch.learn(pair, np.array([weight]), scale)
            baseline = baseline.after(weight, ALPHA, scale)
        else:
            sketch.rest(1)
            baseline = baseline.after_zeros(1, ALPHA)
        mean, variance = sketch.usual(pair)
        assert mean[0] == pytest.approx(baseline.mean, rel=1e-4, abs=1e-6)
        assert variance[0] == pytest.approx(baseline.variance, rel=1e-3, abs=1e-5)
    assert sketch.seen == baseline.seen


def test_others_are_seldom_taken_for_a_pair_and_never_make_it_less_usual() -> None:
    sketch = Sketch(ALPHA)
    known = hashes(*(f"a{number} b{number}" for number in range(2_000)))
    sketch.learn(known, np.full(len(known), 4), 1.0)
    assert (sketch.usual(known)[0] >= 4).all()
    unknown = hashes(*(f"c{number} d{number}" for number in range(2_000)))
    assert (sketch.usual(unknown)[0] > 0).mean() < 0.01


def test_it_comes_back_from_its_rows() -> None:
    sketch, other = Sketch(ALPHA), Sketch(ALPHA)
    pairs = hashes(*(f"a{number} b{number}" for number in range(500)))
    for weight in range(1, 5):
        sketch.learn(pairs, np.full(len(pairs), weight), 1.0)
        sketch.rest(3)
    other.restore(dict(sketch.rows()), sketch.seen)
    for each in (sketch, other):
        each.learn(pairs, np.full(len(pairs), 2), 1.0)
    for one, two in zip(sketch.usual(pairs), other.usual(pairs), strict=True):
        assert (one == two).all()
    assert len(list(sketch.rows())) * 8_192 == BUCKETS


def post(number: int, words: str, author: str | None, *, copy: bool = False) -> Wording:
    return Wording(f"x:{number}", 0, "feed", author, "neutral", 0, copy, tuple(words.split(" ")))


def test_pairs_are_counted_whatever_their_order_and_one_author_weighs_two_at_most() -> None:
    posts = [
        post(0, "gempa bandung", "x:a"),
        post(1, "bandung kota gempa", "x:b"),
        post(2, "gempa bandung dua", "x:b"),
        post(3, "gempa bandung tiga", "x:b"),
        post(4, "gempa bandung empat", None),
        post(5, "gempa bandung lima", None),
        post(6, "gempa bandung", "x:c", copy=True),
        post(7, "harga saham", "x:c"),
    ]
    counted = count(posts)
    assert counted.originals == 7
    assert len(counted.pairs) == 4 + 4 * 2
    known = counted.pairs.tolist()
    place = known.index(pair_hash("bandung gempa"))
    assert sorted(counted.holders(place)) == [0, 1, 2, 3, 4, 5, 6]
    assert (counted.weights[place], counted.voices[place]) == (1 + 2 + 1 + 1, 4)
    assert counted.name(place) == "bandung gempa" == name_of("gempa", "bandung")
    other = known.index(pair_hash("harga saham"))
    assert (counted.weights[other], counted.holders(other)) == (1, [7])
    assert pair_hash("harga gempa") not in known


def test_words_are_the_first_ones_without_stop_words_of_both_languages() -> None:
    assert words_in("Gempa di Bandung: the quake dan gempanya terasa") == (
        "gempa",
        "bandung",
        "quake",
        "terasa",
    )
    assert len(words_in(" ".join(f"kata{chr(97 + number)}" for number in range(26)))) == MAX_WORDS


def test_a_post_of_which_only_the_day_is_known_or_that_holds_no_pair_is_left_out() -> None:
    said = "gempa mengguncang bandung pagi ini"
    made = wording(fingerprint(said, 1, engagement=7), copy=True)
    assert made is not None
    assert (made.post_id, made.engagement, made.copy, made.words[0]) == ("news:1", 7, True, "gempa")
    assert wording(fingerprint(said, 1, day_only=True), copy=False) is None
    assert wording(fingerprint("ini adalah gempa dan itu", 1), copy=False) is None
