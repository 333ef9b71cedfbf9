"""English news of companies, which no training set holds, is read as an investor would: on sentences that no lesson's writer has seen.

The 360 sentences were written for this test in the register of Financial PhraseBank, and labelled by its rule, by one who knew neither
the lessons nor the bundle. Nobody may teach by them: read their figures, not the sentences.
"""

from pathlib import Path

import pytest

from processors.sentiment import SentimentModel
from processors.sentiment.evaluate import Report, evaluate, read
from processors.sentiment.normalise import normalise
from processors.sentiment.training.lessons import lessons
from processors.sentiment.training.twins import twins

_FILE = Path(__file__).with_name("company_news_en.jsonl")
WANTED = 0.72
"""Macro-F1 that issue 5 asks on PhraseBank itself, which cannot be had here."""


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate(SentimentModel(), _FILE)


def test_the_packaged_bundle_reads_them_as_an_investor_would(report: Report) -> None:
    assert report.overall
    assert report.overall.texts == 360
    assert not report.left_out
    assert report.overall.macro_f1 >= WANTED


def test_no_lesson_is_nearly_one_of_them() -> None:
    held = [normalise(one["text"]) for one in read(_FILE)]
    made = [normalise(one.text) for one in lessons(12_000, 3) if one.like == "news"]
    assert len(made) > 2_000
    assert not twins(held, made)
