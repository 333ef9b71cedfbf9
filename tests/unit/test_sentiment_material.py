"""What is learnt from: sets without twins of valid texts, lessons, noise, batches; the same for the same seed."""

import json
import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from processors.sentiment.behaviour import bare, sentences
from processors.sentiment.training import material, pieces
from processors.sentiment.training.batches import batches
from processors.sentiment.training.data import KINDS
from processors.sentiment.training.lessons import lessons
from processors.sentiment.training.material import Sample
from processors.sentiment.training.noise import noisy
from processors.sentiment.training.numbers import Weights, numbers
from processors.sentiment.training.recipe import Recipe
from processors.sentiment.training.twins import twins
from schemas.errors import Fatal
from tests.support.labelled import write_sets
from tests.support.small_base import write_base

HELD = "the market fell sharply today after the central bank raised rates again"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HELD, True),
        (HELD + " friday", True),
        ("today the market rose", False),
        ("the market fell", False),
        ("naik lagi", True),
        ("naik", False),
    ],
)
def test_a_text_that_nearly_stands_in_a_valid_split_is_a_twin(text: str, found: bool) -> None:
    assert twins([HELD, "naik lagi"], [text]) == ({0} if found else set())


def test_twins_are_out_of_train_and_valid_texts_never_in_it(tmp_path: Path) -> None:
    write_sets(tmp_path)
    path = tmp_path / "sentiment" / "smsa.jsonl"
    valid = next(line for line in path.read_text().splitlines() if '"valid"' in line)
    before = material.read(tmp_path)
    path.write_text(path.read_text() + valid.replace('"valid"', '"train"') + "\n")
    after = material.read(tmp_path)
    assert after.removed == before.removed + 1
    assert len(after.train) == len(before.train)


@pytest.fixture
def recipe() -> Recipe:
    shares = (
        ("smsa", 1.0),
        ("nusax", 3.0),
        ("cnbci", 1.0),
        ("tfns", 1.0),
        ("emot", 2.0),
        ("goemotions", 0.4),
    )
    return replace(Recipe(), pieces=300, lessons=50, max_length=12, shares=shares)


def test_an_epoch_has_each_set_as_often_as_the_recipe_says(tmp_path: Path, recipe: Recipe) -> None:
    write_sets(tmp_path, per_label=40)
    sets = material.read(tmp_path)
    files = write_base(tmp_path, ["bagus", "jelek"])
    tokenizer, _ = pieces.trimmed(files.tokenizer, [one.text for one in sets.train], recipe.pieces)
    none = replace(recipe, lessons=0)
    of = Counter(one.source for one in sets.train)
    expected = (
        of["smsa"] + 3 * of["nusax"] + of["cnbci"] + of["tfns"] + 2 * of["emot"] + 0.4 * of["goemotions"]
    )
    samples = material.epoch(sets, tokenizer, none, 0)
    assert len(samples) == pytest.approx(expected, rel=0.03)
    assert material.epoch(sets, tokenizer, none, 0) == samples
    assert material.epoch(sets, tokenizer, none, 1) != samples
    assert len(material.epoch(sets, tokenizer, recipe, 0)) == len(samples) + 50


def test_a_long_text_loses_its_end_and_keeps_the_mark_of_it(tmp_path: Path) -> None:
    files = write_base(tmp_path, ["bagus"])
    tokenizer, _ = pieces.trimmed(files.tokenizer, ["bagus"], 100)
    (ids,) = material.tokens(tokenizer, ["bagus " * 50], 12)
    assert (len(ids), ids[0], ids[-1]) == (12, 0, 2)


def test_lessons_are_filled_in_balanced_and_repeatable() -> None:
    made = lessons(3_000, 7)
    assert made == lessons(3_000, 7)
    assert made != lessons(3_000, 8)
    assert not [one.text for one in made if "{" in one.text or not one.text.strip()]
    by = Counter(one.sentiment for one in made)
    assert set(by) == {"negative", "neutral", "positive"}
    assert min(by["negative"], by["positive"]) > 0.3 * len(made)
    names = {one.name for one in made}
    assert {"negation id", "negation en", "double negation id", "double negation en", "pictures"} <= names
    assert {one.emotion for one in made if one.name == "pictures"} == {
        "joy",
        "love",
        "anger",
        "sadness",
        "fear",
        None,
    }


def test_a_lesson_that_nearly_stands_in_a_valid_split_is_left_out(tmp_path: Path) -> None:
    write_sets(tmp_path)
    made = lessons(40, 5)
    sets = material.read(tmp_path)
    held = replace(sets.valid[0], text=made[7].text)
    left = material.apart(replace(sets, valid=[*sets.valid, held]), made)
    assert material.apart(sets, made) == made
    assert made[7] not in left
    assert 0 < len(made) - len(left) < 10
    assert len(material.taught(sets, 40, 5)) == 40
    assert len(material.taught(replace(sets, valid=[held]), 40, 5)) == len(left)


def test_what_the_wide_part_is_taught_is_of_a_kind_that_the_gate_knows(tmp_path: Path) -> None:
    write_sets(tmp_path)
    made = material.taught(material.read(tmp_path), 3_000, 1)
    assert {one.kind for one in made} <= set(KINDS)
    assert {"news-en", "cnbci-id", "emot-id", "smsa-id", "nusax-en"} <= {one.kind for one in made}
    assert {one.emotion for one in made if one.source == "emot"} == {
        "joy",
        "love",
        "anger",
        "sadness",
        "fear",
    }
    assert all(one.lesson and one.split == "train" for one in made)
    numbered = numbers([*made, replace(made[0], lesson=False)], Weights(0.1, 0.5, 0.25))
    counts = numbered.wanted["sentiment"].sum(axis=1)
    assert set(counts[:-1]) == {0.5}
    assert counts[-1] == 1
    assert numbered.made.tolist() == [True] * len(made) + [False]


def test_what_a_tutor_labelled_has_chances_and_no_class(tmp_path: Path) -> None:
    write_sets(tmp_path)
    path = tmp_path / "tutored.jsonl"
    row = {"text": "shares rose", "lang": "en", "like": "tfns", "sentiment": [0.125, 0.25, 0.625]}
    path.write_text(json.dumps(row) + "\n")
    sets = material.read(tmp_path, tutored=path)
    (one,) = sets.tutored
    assert (one.kind, one.split, one.sentiment, one.emotion) == ("tfns-en", "train", None, None)
    numbered = numbers([one], Weights(0.1, 0.5, 0.5))
    assert numbered.classes["sentiment"].tolist() == [-1]
    assert numbered.wanted["sentiment"].tolist() == [[0.0625, 0.125, 0.3125]]
    assert not numbered.wanted["emotion"].any()
    assert numbered.made.tolist() == [True]
    tokenizer, _ = pieces.trimmed(write_base(tmp_path, ["shares", "rose"]).tokenizer, ["shares rose"], 64)
    recipe = replace(
        Recipe(),
        lessons=0,
        noise=0.0,
        tutored_weight=0.75,
        shares=tuple((n, 0.0) for n, _ in Recipe().shares),
    )
    (sample,) = material.epoch(sets, tokenizer, recipe, 0)
    assert (sample.sentiment, sample.sentiment_weight, sample.chances) == (-1, 0.75, (0.125, 0.25, 0.625))
    path.write_text("{}\n")
    with pytest.raises(Fatal, match=r"tutored\.jsonl is not what a tutor writes: KeyError"):
        material.read(tmp_path, tutored=path)


def test_both_languages_are_taught_alike_often_and_every_kind_is() -> None:
    made = Counter(one.name for one in lessons(6_000, 3) if one.name != "pictures")
    of_language = {lang: sum(n for name, n in made.items() if name.endswith(lang)) for lang in (" id", " en")}
    assert abs(of_language[" id"] - of_language[" en"]) < 0.05 * sum(of_language.values())
    assert min(made.values()) > 20


def test_no_lesson_is_a_sentence_that_the_behaviour_suite_asks() -> None:
    asked = sentences()
    assert bare("Makanannya buruk banget!") in asked
    made = {bare(lesson.text) for seed in range(3) for lesson in lessons(8_000, seed)}
    assert len(made) > 5_000
    assert not made & asked


@pytest.mark.parametrize(
    "text", ["", "😂", "ok", "Pelayanannya tidak bagus banget, tapi murah!", "BBCA naik", "a" * 30]
)
def test_noise_changes_little_and_never_fails(text: str) -> None:
    changed = {noisy(text, random.Random(seed)) for seed in range(60)}
    said = {re.sub(r"\s*(@|https?:)\S+\s*", "", one, flags=re.IGNORECASE) for one in changed}
    assert all(abs(len(one) - len(text)) <= 20 for one in said)
    if len(text) > 10:
        assert len(changed) > 10
        assert any("@" in one for one in changed)
        assert any("https" in one for one in changed)


def test_every_sample_is_in_one_batch_and_batches_hold_what_they_may() -> None:
    chance = random.Random(3)
    samples = [Sample((0, *range(chance.randint(1, 60)), 2), at % 3, -1, 1.0, 1.0) for at in range(500)]
    made = batches(samples, 256, "seed")
    assert sorted(map(id, samples)) == sorted(id(one) for batch in made for one in batch)
    assert all(len(batch) == 1 or len(batch) * max(len(one.ids) for one in batch) <= 256 for batch in made)
    padding = sum(max(len(o.ids) for o in batch) - len(one.ids) for batch in made for one in batch)
    assert padding < 0.1 * sum(len(one.ids) for one in samples)
    assert made != batches(samples, 256, "other")
