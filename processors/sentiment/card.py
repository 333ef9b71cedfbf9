"""The model card: what the bundle is, what it was made of, how good it measured, where it is weak."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from processors.sentiment.evaluate import Report

if TYPE_CHECKING:
    from processors.sentiment.writing import Training


def card(manifest: Mapping[str, Any], reports: Mapping[str, Report], training: "Training") -> str:
    """CARD.md of a bundle whose `manifest` and `reports` (one per set, on its valid split) were just made."""
    experts = len(training.mixture.sentiment.experts), len(training.mixture.emotion.experts)
    return f"""# {manifest["model_version"]}

Sentiment ({", ".join(manifest["labels"]["sentiment"])}) and emotion ({", ".join(manifest["labels"]["emotion"])}) of
Indonesian and English texts, from one forward pass. Made by `python -m processors.sentiment train`; the same data and
the same library versions give the same files.

## What it is

Texts are normalised (`processors/sentiment/normalise.py`, version {manifest["normaliser"]}), cut into words and parts of words
({training.vocabulary.tokens:,} entries), and every token and pair of tokens that training knows ({len(training.vocabulary.idf) - 1:,}) looks up
its weights inside the graph. {experts[0]} softmax regressions for sentiment (one for all texts, the others each for a kind of text)
and {experts[1]} for emotion (one per language) are weighed by a gate that guesses which kind of text it reads. Weights are eight-bit
whole numbers and their sums exact, so a score does not depend on the batch. It reads the first {manifest["max_length"]} tokens.

Licence: **{manifest["licence"]}** (see LICENSE: EmoT forbids commercial use, SmSA and NusaX ask to share alike).

## Trained on

{training.texts:,} texts of the train splits; a text that also stands in a valid split was left out. Valid splits chose penalties,
the share of the expert for all texts, and temperatures.

| set | task | licence as stated |
| --- | --- | --- |
{_lines(f"| {one['name']} | {one['task']} | {one['licence']} |" for one in manifest["training_data"])}

Labels were mapped: GoEmotions' disgust counts as anger, its fine label love as love; surprise has no place among the six and
is left out. Labels borrowed between tasks weigh {training.recipe.borrowed}: the sentiment that an emotion implies, and the neutral
emotion of neutral CNBC headlines, without which there would be no neutral text in Indonesian.

## Scores on the valid splits

Macro-F1 over the labels that stand in a set, by the set's own labels; those that the bundle does not know (GoEmotions' disgust and
surprise) are left out. The bundle was judged as it is loaded, eight-bit weights and all.

| set | task | texts | macro-F1 | accuracy | calibration error | macro-F1 per language |
| --- | --- | ---: | ---: | ---: | ---: | --- |
{_lines(_row(name, report) for name, report in reports.items())}

Temperatures were fitted on the same splits, so the calibration error elsewhere will be a little larger. SmSA's valid split is
known to score far above its test split.

## Confusion

{_lines(_confusion(name, report) for name, report in reports.items())}

## Known weaknesses

- It counts words and pairs of words: irony, negation at a distance and long contrasts escape it.
- English of a general kind has only 500 NusaX texts of its own and the borrowed labels of GoEmotions.
- Neutral emotion in Indonesian is known from market headlines alone; informal Indonesian without emotion is often given one.
- A text of a kind that none of the sets holds gets probabilities that nobody calibrated.
- Languages other than these two are scored all the same; read the mention's `language`.
"""


def _lines(lines: Any) -> str:
    return "\n".join(lines)


def _row(name: str, report: Report) -> str:
    found = report.overall
    if found is None:
        return f"| {name} | {report.task} | 0 | - | - | - | - |"
    languages = ", ".join(f"{one} {100 * each.macro_f1:.1f}" for one, each in report.languages.items())
    return (
        f"| {name} | {report.task} | {found.texts:,} | {100 * found.macro_f1:.1f} | {100 * found.accuracy:.1f} "
        f"| {found.calibration_error:.3f} | {languages} |"
    )


def _confusion(name: str, report: Report) -> str:
    if report.overall is None:
        return ""
    columns = list(next(iter(report.overall.confusion.values())))
    lines = [
        f"| {name}: true, predicted → | " + " | ".join(columns) + " |",
        "| --- |" + " ---: |" * len(columns),
    ]
    lines += [
        f"| {true} | " + " | ".join(str(row[label]) for label in columns) + " |"
        for true, row in report.overall.confusion.items()
    ]
    return "\n".join(lines) + "\n"
