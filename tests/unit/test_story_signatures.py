"""What a signature tells of two texts."""

import random

import numpy as np
import pytest

from processors.logic.folded import fold
from processors.logic.stories.sample import Hashes, hashes_of, overlap, sample
from processors.logic.stories.signature import LEAST, SIZE, signature

DICE = random.Random(11)
WORDS = ["".join(DICE.choices("abcdefghijklmnop", k=6)) for _ in range(2_000)]


def text(count: int) -> str:
    return " ".join(DICE.choices(WORDS, k=count))


def all_own(hashes: Hashes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(len(hashes), np.bool_)


def share(one: str, other: str) -> float:
    first, second = signature(fold(one)), signature(fold(other))
    assert first is not None
    assert second is not None
    return overlap(sample(first, all_own), sample(second, all_own)).share


def test_a_sample_is_bounded_ascending_and_the_same_every_time() -> None:
    long = text(900)
    found = signature(long)
    assert found is not None
    hashes = hashes_of(found)
    assert len(hashes) == SIZE
    assert (np.diff(hashes.astype(np.int64)) > 0).all()
    assert found.shingles == 898
    assert signature(long) == found
    # Frozen: other processes, machines and releases must sample alike.
    told = signature("saham bank naik tajam setelah laba kuartal ini melampaui perkiraan analis")
    assert told is not None
    assert (told.shingles, told.hashes.hex()) == (9, FROZEN)


FROZEN = "922a4114082d371cff981454e844ca62b31cdb6730d46589025474956accf7b9c09812d7"


@pytest.mark.parametrize("kept", [0.15, 0.3, 0.6, 0.9])
def test_of_a_text_that_was_cut_all_stands_in_the_whole_one(kept: float) -> None:
    whole = text(400)
    cut = " ".join(whole.split()[: int(400 * kept)])
    assert share(whole, cut) == 1
    assert share(cut, whole) == 1


def test_boilerplate_around_it_does_not_hide_a_text() -> None:
    body = text(150)
    assert share(body, f"{text(40)} {body} {text(100)}") > 0.85


def test_what_two_texts_do_not_share_is_not_found() -> None:
    assert share(text(300), text(300)) == 0
    body = text(200)
    half = f"{' '.join(body.split()[:100])} {text(100)}"
    assert 0.3 < share(body, half) < 0.7


@pytest.mark.parametrize(
    "said", ["", "naik", "harga saham bank naik tajam hari ini", "ha " * 50, "@a @b " * 20]
)
def test_of_few_words_there_is_no_signature(said: str) -> None:
    assert signature(fold(said)) is None


def test_eight_words_are_enough() -> None:
    found = signature(" ".join(WORDS[:8]))
    assert found is not None
    assert found.shingles == LEAST


def test_whom_a_post_repeats_or_addresses_is_no_part_of_it() -> None:
    said = text(15)
    assert signature(fold(f"RT @budi: {said}")) == signature(fold(said))
    assert signature(fold(f"{said} @ani https://t.co/abc")) == signature(fold(said))
