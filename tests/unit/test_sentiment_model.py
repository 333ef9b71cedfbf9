"""Scores of the bundle in the package: sane, the same in whatever company, bounded."""

import random

import pytest

from processors.sentiment import SentimentModel
from processors.sentiment.labels import EMOTIONS

TEXTS = [
    "Pelayanannya ramah dan makanannya enak sekali, pasti kembali lagi",
    "kecewa berat , kamar nya kotor dan bau",
    "IHSG Anjlok 3%, Investor Panik Jual Saham",
    "Laba Bersih Bank Melonjak 40% di Kuartal III",
    "Company beats earnings estimates and raises its outlook",
    "$XYZ downgraded to sell, shares tumble http",
    "aku sayang banget sama kamu",
    "takut banget sendirian di rumah malam ini",
    "I am so sad, I miss my dog",
    "Rapat akan diadakan hari Senin",
    "ok",
    "😂😂",
    "",
    "a" * 5_000,
    "naik turun " * 700,
]


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return SentimentModel()


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        (TEXTS[0], "positive"),
        (TEXTS[1], "negative"),
        (TEXTS[2], "negative"),
        (TEXTS[3], "positive"),
        (TEXTS[4], "positive"),
        (TEXTS[5], "negative"),
    ],
)
def test_plain_sentiment(model: SentimentModel, text: str, sentiment: str) -> None:
    assert model.score([text])[0].sentiment == sentiment


@pytest.mark.parametrize(("text", "emotion"), [(TEXTS[6], "love"), (TEXTS[7], "fear"), (TEXTS[8], "sadness")])
def test_plain_emotion(model: SentimentModel, text: str, emotion: str) -> None:
    assert model.score([text])[0].emotion == emotion


def test_probabilities_are_probabilities(model: SentimentModel) -> None:
    for score in model.score(TEXTS):
        assert score.positive + score.negative + score.neutral == pytest.approx(1, abs=1e-5)
        assert set(score.emotions) == set(EMOTIONS)
        assert sum(score.emotions.values()) == pytest.approx(1, abs=1e-5)
        assert (
            score.confidence
            == getattr(score, score.sentiment)
            == max(score.positive, score.negative, score.neutral)
        )
        assert score.emotion_confidence == score.emotions[score.emotion] == max(score.emotions.values())


def test_the_same_in_whatever_company(model: SentimentModel) -> None:
    alone = {text: model.probabilities([text]) for text in TEXTS}
    chance = random.Random(5)
    for size in (2, 3, 5, 8, 13, 40, 300):
        batch = chance.choices(TEXTS, k=size)
        together = model.probabilities(batch)
        for at, text in enumerate(batch):
            assert together.sentiment[at].tobytes() == alone[text].sentiment[0].tobytes()
            assert together.emotion[at].tobytes() == alone[text].emotion[0].tobytes()


@pytest.mark.parametrize("text", ["", "   ", "\n\u200b"])
def test_nothing_is_neutral(model: SentimentModel, text: str) -> None:
    score = model.score([text])[0]
    assert (score.sentiment, score.neutral, score.emotion, score.truncated) == (
        "neutral",
        1,
        "neutral",
        False,
    )


def test_no_texts(model: SentimentModel) -> None:
    assert model.score([]) == []


def test_a_long_text_is_cut_and_marked(model: SentimentModel) -> None:
    long = "Harga saham naik tinggi. " * 40_000
    marked = model.score([long, "Harga saham naik tinggi."])
    assert [score.truncated for score in marked] == [True, False]


def test_place_holders_and_live_forms_score_alike(model: SentimentModel) -> None:
    live, data = model.score(["@budi mantap sekali https://t.co/x1", "[USERNAME] mantap sekali [URL]"])
    assert live == data


def test_copies_of_a_story_are_one_text_to_it(model: SentimentModel) -> None:
    one = "Laba BCA melonjak 40% https://example.com/a?utm=1 @detikcom"
    other = "Laba BCA  melonjak 12% https://t.co/xyz @kompas"
    assert model.reads(one) == model.reads(other)
    assert model.score([one]) == model.score([other])
    cut, whole = "naik " * 400_000, "naik " * 100
    assert model.reads(cut) != model.reads(whole)
    assert len(model.reads(cut)) < 10_000
