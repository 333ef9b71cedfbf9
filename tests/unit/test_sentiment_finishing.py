"""From generated texts and random weights of the deep part to bundles that load, have learnt, and say what they are."""

import json
from pathlib import Path

import numpy as np
import pytest

from processors.sentiment import SentimentModel
from processors.sentiment.bundle import DEFAULT, ENGLISH_TOKENIZER, MODEL, PACKED, TOKENIZER
from processors.sentiment.bundle import load as load_bundle
from processors.sentiment.evaluate import evaluate
from processors.sentiment.training import features
from processors.sentiment.training.assembly import Deep
from processors.sentiment.training.data import SETS, load
from processors.sentiment.training.finishing import finish, finish_folder
from processors.sentiment.training.learnt import Learnt, learnt_from, read_learnt
from processors.sentiment.training.unpacking import unpacked
from processors.sentiment.training.wide import WideRecipe
from processors.sentiment.training.writing import Description
from schemas.errors import Fatal
from tests.support.encoders import random_weights
from tests.support.labelled import write_sets
from tests.support.small_english import tokenizer

RECIPE = WideRecipe(slots=2**12, rounds=45, lessons=200)
CUTTER = (DEFAULT / TOKENIZER).read_text(encoding="utf-8")
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "great", "gain", "the", "report", "meeting", "of", "w", "##e"]


def random_learnt() -> Learnt:
    arrays, config = random_weights(layers=2, hidden=48, heads=4, wide=96, vocabulary=24_000, max_length=32)
    return learnt_from(arrays, config, CUTTER)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("data")
    write_sets(where)
    return where


@pytest.fixture(scope="module")
def wide(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wide") / "bundle"
    said: list[str] = []
    finish(data, out, CUTTER, None, Description("wide", {}), said.append, wide_recipe=RECIPE)
    assert any("iteration" in line for line in said)
    return out


@pytest.fixture(scope="module")
def blended(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("blended") / "bundle"
    describe = Description("blended", {"layers": 2})
    finish(data, out, CUTTER, Deep(random_learnt()), describe, lambda _: None, wide_recipe=RECIPE)
    return out


@pytest.fixture(scope="module")
def two(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With an English encoder, which reads words of its own."""
    out = tmp_path_factory.mktemp("two") / "bundle"
    arrays, config = random_weights(
        layers=1, hidden=32, heads=2, wide=64, vocabulary=len(PIECES), max_length=32
    )
    english = learnt_from(arrays, config, tokenizer(PIECES))
    own = {"tutor": "x", "lessons": 90, "lesson_weight": 0.5, "languages": ["id"]}
    describe = Description(
        "two", {"layers": 2, "recipe": own}, {"layers": 1, "recipe": {"tutored_weight": 0.75}}
    )
    tutored = out.parent / "tutored.jsonl"
    tutored.write_text(
        "".join(
            json.dumps({"text": text, "lang": "en", "like": "tfns", "sentiment": [0.1, 0.1, 0.8]}) + "\n"
            for text in ("a gain beat the good", "great gain and it beat")
        )
    )
    finish(
        data,
        out,
        CUTTER,
        Deep(random_learnt(), english),
        describe,
        lambda _: None,
        wide_recipe=RECIPE,
        tutored=tutored,
    )
    return out


@pytest.mark.parametrize("name", ["wide", "blended", "two"])
def test_it_has_learnt(name: str, request: pytest.FixtureRequest) -> None:
    model = SentimentModel(request.getfixturevalue(name))
    scores = model.bundle.manifest["scores"]
    assert set(scores) == {one.name for one in SETS}
    assert all(one["macro_f1"] > 80 for one in scores.values()), scores
    assert scores["goemotions"]["left_out"] == {"disgust": 3, "surprise": 3}
    said = model.score(["saya marah dan kesal", "we love it great gain"])
    assert (said[0].emotion, said[1].sentiment) == ("anger", "positive")


def test_a_deep_part_that_knows_nothing_counts_for_nothing(data: Path, wide: Path, blended: Path) -> None:
    file = data / SETS[0].path
    alone, together = (evaluate(SentimentModel(one), file, split="valid").overall for one in (wide, blended))
    assert alone
    assert together
    assert together.macro_f1 >= alone.macro_f1 - 0.1


@pytest.mark.parametrize("name", ["blended", "two"])
def test_company_decides_nothing(name: str, request: pytest.FixtureRequest) -> None:
    model = SentimentModel(request.getfixturevalue(name))
    texts = ["bagus", "sama sekali tidak bagus", "we had a great report " * 4, "a " * 90, "", "panik"]
    alone = [model.probabilities([text]) for text in texts]
    together = model.probabilities(texts * 9)
    for at in range(len(together.sentiment)):
        assert together.sentiment[at].tobytes() == alone[at % len(texts)].sentiment[0].tobytes()
        assert together.emotion[at].tobytes() == alone[at % len(texts)].emotion[0].tobytes()
    assert together.truncated.tolist() == [False, False, False, True, False, False] * 9


def test_each_text_is_read_by_the_encoder_of_its_language(two: Path) -> None:
    model = SentimentModel(two)
    texts = [
        "saya marah dan kesal",
        "we love it great gain",
        "kami puas dan senang",
        "",
        "the report of the meeting",
    ]
    found = model.probabilities(texts)
    assert found.english.tolist() == [False, True, False, False, True]
    assert SentimentModel().probabilities(texts[:2]).english.tolist() == [False, True]
    card = (two / "CARD.md").read_text()
    assert "encoder of 2 layers, 48 wide" in card
    assert f"1 layers, 32 wide, over {len(PIECES)} pieces" in card
    assert "e5-small-v2" in (two / "LICENSE").read_text()


def test_the_own_encoder_is_the_same_beside_an_english_one(two: Path, blended: Path) -> None:
    one, other = (unpacked(load_bundle(folder).model) for folder in (two, blended))
    assert one.keys() == other.keys()
    for name, weights in one.items():
        assert np.array_equal(weights, other[name]), name
    assert SentimentModel(blended).probabilities(["we love it great gain"]).english.tolist() == [False]


@pytest.mark.parametrize(
    ("text", "english", "truncated"),
    [
        # The English encoder knows no "we": each of its letters is a piece to it, and 32 are read.
        ("the report of the meeting " + "we " * 20, True, True),
        ("the report of the meeting " + "we " * 9, True, False),
        # It cuts this, but does not read it.
        ("kami puas dan senang " * 4, False, False),
        ("kami puas dan senang " * 9, False, True),
        # This is one piece to it, and several to the wide part.
        ("the report of the meeting " + "abcdefghij " * 15, True, True),
    ],
)
def test_truncated_is_what_a_part_that_read_it_did_not_see_whole(
    two: Path, text: str, english: bool, truncated: bool
) -> None:
    model = SentimentModel(two)
    found = model.probabilities([text])
    assert (found.english.tolist(), found.truncated.tolist()) == ([english], [truncated])


def test_the_card_tells_who_labelled_and_for_whom(two: Path) -> None:
    card = (two / "CARD.md").read_text()
    assert "2 texts, recorded posts and variants of financial tweets (stocknet" in card
    assert "1.0 in the wide part and 0.75 in the English encoder" in card
    assert "those of 90 new ones in each pass that are in Indonesian" in card


def test_two_encoders_of_different_trainings_are_refused(data: Path, tmp_path: Path) -> None:
    for folder, tutor in ((tmp_path, "one"), (tmp_path / "english", "other")):
        arrays, config = random_weights(
            layers=1, hidden=32, heads=2, wide=64, vocabulary=len(PIECES), max_length=32
        )
        folder.mkdir(exist_ok=True)
        np.savez(folder / "learnt.npz", **arrays)  # type: ignore[arg-type]  # numpy's stubs take names for options
        (folder / "config.json").write_text(json.dumps(config | {"recipe": {"tutor": tutor}}))
        (folder / "tokenizer.json").write_text(tokenizer(PIECES))
    with pytest.raises(Fatal, match="not of one training: labels of tutor one and other"):
        finish_folder(tmp_path, data, tmp_path / "bundle", lambda _: None)
    (tmp_path / "english" / "learnt.npz").unlink()
    with pytest.raises(Fatal, match=r"english/learnt\.npz cannot be read"):
        finish_folder(tmp_path, data, tmp_path / "bundle", lambda _: None)


def test_the_card_tells_what_the_manifest_tells(blended: Path) -> None:
    card = (blended / "CARD.md").read_text()
    bundle = SentimentModel(blended).bundle
    assert bundle.model_version in card
    for name, scores in bundle.manifest["scores"].items():
        assert f"| {name} | " in card
        assert f"| {scores['macro_f1']:.1f} | {scores['accuracy']:.1f} |" in card
        assert f"| {scores['crossed']['calibration_error']:.3f} |" in card
    assert "encoder of 2 layers, 48 wide" in card
    assert bundle.weaknesses
    assert all(one in card for one in bundle.weaknesses)
    assert bundle.manifest["licence"] in (blended / "LICENSE").read_text().replace("\n", " ")


def test_the_same_data_give_the_same_bundle(data: Path, wide: Path, tmp_path: Path) -> None:
    left = [tmp_path / one for one in (MODEL, ENGLISH_TOKENIZER)]
    for one in left:
        one.write_text("of a bundle that lay there before")
    finish(data, tmp_path, CUTTER, None, Description("wide", {}), lambda _: None, wide_recipe=RECIPE)
    assert not any(one.exists() for one in left)
    assert (tmp_path / PACKED).read_bytes() == (wide / PACKED).read_bytes()


def test_the_emotion_head_can_be_left_out(data: Path, tmp_path: Path) -> None:
    finish(
        data,
        tmp_path,
        CUTTER,
        Deep(random_learnt()),
        Description("moods", {}),
        lambda _: None,
        heads=("sentiment",),
        wide_recipe=RECIPE,
    )
    model = SentimentModel(tmp_path)
    (score,) = model.score(["kami puas dan senang"])
    assert (score.sentiment, score.emotion, score.emotion_confidence, score.emotions) == (
        "positive",
        "neutral",
        0.0,
        {},
    )
    with pytest.raises(Fatal, match="has no emotion head"):
        evaluate(model, data / "emotion" / "emot.jsonl")


def test_without_emot_it_learns_from_no_text_of_it_and_is_free_for_commerce(
    data: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    describe = Description("trade", {"recipe": {"without": ["emot"]}})
    finish(data, tmp_path, CUTTER, None, describe, said.append, heads=("sentiment",), wide_recipe=RECIPE)
    manifest = SentimentModel(tmp_path).bundle.manifest
    assert {one["name"] for one in manifest["training_data"]} == {one.name for one in SETS} - {"emot"}
    assert manifest["licence"] == "CC BY-SA 4.0"
    licence = (tmp_path / "LICENSE").read_text()
    assert "NonCommercial" not in licence
    assert "EmoT" not in licence
    assert "emot " not in (tmp_path / "CARD.md").read_text()
    others = [one for one in load(data) if one.split == "train" and one.source != "emot"]
    assert said[0].startswith(f"{len(others)} texts to learn from")
    assert "Neutral emotion" not in (tmp_path / "CARD.md").read_text()


@pytest.mark.parametrize(
    ("heads", "without", "why"),
    [
        (["emotion"], [], "a bundle has a sentiment head"),
        (["sentiment", "emotion"], ["emot", "goemotions"], "no set is left that the emotion head"),
        (["sentiment"], ["smsa", "nusax", "cnbci", "tfns"], "no set is left that the sentiment head"),
    ],
)
def test_heads_that_nothing_can_be_made_of_are_refused_before_anything_is_written(
    data: Path, tmp_path: Path, heads: list[str], without: list[str], why: str
) -> None:
    describe = Description("none", {"recipe": {"without": without}})
    with pytest.raises(Fatal, match=why):
        finish(data, tmp_path / "out", CUTTER, None, describe, lambda _: None, heads=heads)
    assert not (tmp_path / "out").exists()


def test_a_set_that_is_not_known_cannot_be_left_out(data: Path) -> None:
    with pytest.raises(Fatal, match=r"no training set is called emmot: smsa, .*emot"):
        list(load(data, ["emmot"]))
    with pytest.raises(Fatal, match="no training set is left"):
        list(load(data, [one.name for one in SETS]))


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"smsa\.jsonl, which is not there; name the data folder with --data"):
        finish(tmp_path, tmp_path / "out", CUTTER, None, Description("wide", {}), lambda _: None)


def test_data_of_another_form_are_named(tmp_path: Path) -> None:
    write_sets(tmp_path, per_label=4)
    (tmp_path / SETS[0].path).write_text('{"text": "no label"}\n')
    with pytest.raises(Fatal, match=r"smsa\.jsonl is not JSON lines"):
        finish(tmp_path, tmp_path / "out", CUTTER, None, Description("wide", {}), lambda _: None)


def test_arrays_that_do_not_fit_are_named() -> None:
    arrays, config = random_weights(layers=1, hidden=16, heads=2, wide=32, vocabulary=50, max_length=8)
    with pytest.raises(KeyError, match=r"layer\.1\.attention\.query\.weight"):
        learnt_from(arrays, {**config, "layers": 2}, "")
    with pytest.raises(ValueError, match=r"embeddings\.word has shape \(50, 16\), not \(51, 16\)"):
        learnt_from(arrays, {**config, "vocabulary": 51}, "")
    with pytest.raises(ValueError, match=r"embeddings\.position has shape \(8, 16\)"):
        learnt_from(arrays, {**config, "max_length": 9}, "")


def test_a_folder_without_a_training_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"config\.json cannot be read: No such file"):
        read_learnt(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    np.savez(tmp_path / "learnt.npz", anything=np.zeros((2, 2), np.float32))
    with pytest.raises(Fatal, match="is not what training writes: 'hidden'"):
        read_learnt(tmp_path)


def test_pairs_are_found_exactly() -> None:
    texts = [np.array(one) for one in ([2, 3, 4], [2, 3, 5], [3, 2, 3], [9, 9])]
    known = features.build(texts, 10, (1, 2), 64, 2)
    rows = known.lookup(np.array([2, 3]))
    assert rows.tolist()[:2] == [3, 4]
    assert len(rows) == 3
    assert known.lookup(np.array([3, 2])).tolist() == [4, 3]
    assert known.lookup(np.array([9])).tolist() == [10]
    matrix = features.matrix(known, [np.array([2, 3]), np.array([], dtype=np.int64)])
    assert np.linalg.norm(matrix.toarray(), axis=1) == pytest.approx([1, 0], abs=0.1)


def test_of_two_pairs_in_one_slot_the_more_frequent_stays() -> None:
    texts = [np.array(one) for one in ([2, 3], [2, 3], [2, 3], [4, 5], [4, 5])]
    known = features.build(texts, 10, (1,), 1, 2)
    assert len(known.lookup(np.array([2, 3]))) == 3
    assert len(known.lookup(np.array([4, 5]))) == 2


def test_what_is_ignored_counts_nothing_alone_or_in_a_pair() -> None:
    texts = [np.array(one) for one in ([2, 3, 9], [2, 3, 9], [9, 2, 3])]
    known = features.build(texts, 10, (1, 2), 64, 1, [9])
    plain, marked = (features.matrix(known, [np.array(one)]).toarray() for one in ([2, 3], [9, 2, 3, 9, 9]))
    assert plain.any()
    assert plain.tolist() == marked.tolist()
    assert (
        features.build(texts, 10, (1, 2), 64, 1).lookup(np.array([9, 2])).size
        > known.lookup(np.array([9, 2])).size
    )
