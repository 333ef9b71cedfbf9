"""The model card: what the bundle is, what it was made of, how good it measured, where it is weak."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from processors.sentiment.behaviour import Outcome, weaknesses
from processors.sentiment.evaluate import Report
from processors.sentiment.measures import Measures

if TYPE_CHECKING:
    from processors.sentiment.training.finishing import Finished, Judgement


def card(made: "Finished") -> str:
    """CARD.md of a bundle that was just made and judged."""
    manifest = made.manifest
    heads = [f"{head} ({', '.join(labels)})" for head, labels in manifest["labels"].items()]
    return f"""# {manifest["model_version"]}

{" and ".join(heads).capitalize()} of Indonesian and English texts, from one forward pass. Made by
`python -m processors.sentiment train`.

## What it is

Texts are normalised (`processors/sentiment/normalise.py`, version {manifest["normaliser"]}) and cut into pieces of words; the first
{manifest["max_length"]} of them are read. {_deep(made)}The **wide part** looks up weights of every piece and pair of pieces that training knows
({made.ngrams:,}): {_experts(made)}, weighed by a gate that guesses
which training set a text resembles. {_blended(made)}
Weights are whole numbers of eight bits, and what is summed along a batch is whole, so a score does not depend on what is scored
beside it. The deep part's weights use half of the eight bits, for processors without VNNI would cut off larger sums; scores were
measured on a processor that has it, and were not compared with those of one that has not.

Licence: **{manifest["licence"]}**; LICENSE says why, and what it means for users.

## Trained on

{made.texts:,} texts of the train splits; a text that is nearly one of a valid split was left out.{_taught(made)}

| set | task | licence as stated |
| --- | --- | --- |
{_lines(f"| {one['name']} | {one['task']} | {one['licence']} |" for one in manifest["training_data"])}

{_mapped(made)}
## Scores on the valid splits

Macro-F1 over the labels that stand in a set, by the set's own labels; those that the bundle does not know (GoEmotions' disgust and
surprise) are left out. The bundle was judged as it is loaded, eight-bit weights and all. The weights of the parts for each kind
of text, and with them the calibration, were fitted on the valid splits. **Crossed** is how each half of them does with what was
fitted on the other half alone, so that no text is judged by what was fitted on it, but for one share of the wide part that both chose. Both halves
chose what was tried.

| set | task | texts | macro-F1 | accuracy | calibration error | crossed: macro-F1 | accuracy | calibration error | macro-F1 per language |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
{_lines(_row(one) for one in made.judgements)}

{_trap(made)}## Each part alone

Macro-F1 on the valid splits, by the labels as they were mapped; eight-bit weights in the deep part.

{_alone(made)}

## Confusion

{_lines(_confusion(one.name, one.whole) for one in made.judgements)}
## Calibration

How often the most probable label was right, by the probability it was given; all valid texts of a set. The blend was fitted on
them; the calibration errors under Crossed, above, are of texts that it was not fitted on.

{_lines(_calibration(made.judgements))}

## Speed

Measured while this bundle was written, on one core of whatever machine that was: see `make bench-sentiment` for one beside others.

| set | texts/s in batches | one text alone, median |
| --- | ---: | ---: |
{_lines(f"| {one.name} | {one.whole.texts_per_second:,.0f} | {one.whole.p50_ms:.2f} ms |" for one in made.judgements)}

## Behaviour

Sentences made from templates (`processors/sentiment/behaviour.toml`), which lessons leave out: the share that came out as it should.
Run it on any bundle with `python -m processors.sentiment behave BUNDLE`.

{behaviour_table(made.outcomes)}

## Known weaknesses

{_lines(f"- {one}." for one in weaknesses(made.outcomes))}
{_thin(made)}- A text of a kind that none of the sets holds gets probabilities that nobody calibrated.
- Languages other than these two are scored all the same; read the mention's `language`.
"""


def behaviour_table(outcomes: Sequence[Outcome]) -> str:
    """Pass rates, one line a test; what falls short is marked."""
    rows = [
        f"| {one.theme} | {one.lang} | {one.asked} | {100 * one.rate:.0f} % | {100 * one.wanted:.0f} % "
        f"| {'short' if one.weak else ''} |"
        for one in outcomes
    ]
    return _lines(
        [
            "| theme | language | asked | passed | wanted | |",
            "| --- | --- | ---: | ---: | ---: | --- |",
            *rows,
        ]
    )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _sets(made: "Finished") -> set[str]:
    return {one["name"] for one in made.manifest["training_data"]}


def _mapped(made: "Finished") -> str:
    """What happened to labels, of the sets that were learnt from."""
    names = _sets(made)
    said = []
    if "goemotions" in names:
        said.append(
            "Labels were mapped: GoEmotions' disgust counts as anger, its fine label love as love; surprise has no place among the six and is left out."
        )
    implied = names & {"goemotions", "emot"}
    if implied or ("cnbci" in names and "emotion" in made.manifest["labels"]):
        weight = made.manifest["recipe"]["wide"]["borrowed"]
        said.append(
            f"The wide part also learns from labels borrowed between tasks, at a weight of {weight}: the sentiment that an emotion implies, and the "
            "neutral emotion of neutral CNBC headlines, without which there would be no neutral text in Indonesian."
        )
    return "".join(f"{one}\n" for one in said)


def _taught(made: "Finished") -> str:
    """The sentences that nobody said, but that it learnt from."""
    recipes = made.manifest["recipe"]
    wide, deep, english = (
        recipes["wide"],
        recipes["deep"].get("recipe", {}),
        recipes.get("english", {}).get("recipe", {}),
    )
    said = []
    if made.lessons:
        said.append(f"the wide part learns from {made.lessons:,}, each counting {wide['lesson']}")
    if deep.get("lessons"):
        said.append(
            f"the deep part from those of {deep['lessons']:,} new ones in each pass that are in {_languages(deep)}, each counting {deep['lesson_weight']}"
        )
    tutored = (
        f"\n{made.tutored:,} texts, recorded posts and variants of financial tweets ({', '.join(one['name'] for one in made.manifest['training_data'] if one['task'] == 'events')}) were labelled "
        "by a tutor, whose chances the wide part and the English encoder learn from: e5-small-v2 (MIT), an English encoder of twelve layers, trained for it on the English sentiment sets. "
        f"Each counts {wide['tutored']} in the wide part and {english.get('tutored_weight')} in the English encoder, which learns from all English sets, and from the English ones among as many lessons."
        if made.tutored and english
        else ""
    )
    if not said:
        return tutored
    return (
        "\nBeside them stand sentences put together from templates that were written for it "
        f"(`processors/sentiment/training/lessons.toml`): {'; '.join(said)}. English news of companies is known from these alone.{tutored}"
    )


def _languages(recipe: Mapping[str, Any]) -> str:
    names = {"id": "Indonesian", "en": "English"}
    return " or ".join(names[one] for one in recipe["languages"])


def _trap(made: "Finished") -> str:
    return (
        "SmSA's valid split is known to score far above its test split.\n\n" if "smsa" in _sets(made) else ""
    )


def _thin(made: "Finished") -> str:
    """Where the sets hold little."""
    names, said = _sets(made), []
    if "nusax" in names:
        implied = " and what GoEmotions' emotions imply" if "goemotions" in names else ""
        said.append(f"- English of a general kind has only 500 NusaX texts of its own{implied}.\n")
    if "emotion" in made.manifest["labels"] and "cnbci" in names:
        said.append(
            "- Neutral emotion in Indonesian is known from market headlines alone; informal Indonesian without emotion is often given one.\n"
        )
    return "".join(said)


def _deep(made: "Finished") -> str:
    if made.deep is None:
        return ""
    own, english = made.deep.own.encoder, made.deep.english
    said = (
        f"The **deep part** is an encoder of {len(own.layers)} layers, {own.hidden} wide, over {len(own.words):,} pieces; "
        f"it began as multilingual-e5-small (MIT){_earlier(made)}. "
    )
    if english is None:
        return said
    return (
        f"{said}English texts do not go through it, but through **an encoder of their own**: {len(english.encoder.layers)} layers, {english.encoder.hidden} wide, over "
        f"{len(english.encoder.words):,} pieces of its own, which began as the lower layers of the tutor (below). The gate says which one a text is for; "
        f"{100 * made.astray:.1f} % of the valid texts went to the other. "
    )


def _earlier(made: "Finished") -> str:
    before = made.manifest["recipe"]["deep"].get("recipe", {}).get("begins")
    return f", and this training went on from {before}" if before else ""


def _experts(made: "Finished") -> str:
    return " and ".join(f"{number} regressions for {head}" for head, number in made.experts.items())


def _blended(made: "Finished") -> str:
    if made.deep is None:
        return ""
    return "\nThe logits of both are added, each times a weight that depends on the kind of text."


def _row(one: "Judgement") -> str:
    whole, crossed = one.whole.overall, one.crossed
    if whole is None or crossed is None:
        return f"| {one.name} | {one.whole.task} | 0 |" + " - |" * 7
    languages = ", ".join(f"{name} {100 * each.macro_f1:.1f}" for name, each in one.whole.languages.items())
    return (
        f"| {one.name} | {one.whole.task} | {whole.texts:,} | {100 * whole.macro_f1:.1f} | {100 * whole.accuracy:.1f} "
        f"| {whole.calibration_error:.3f} | {100 * crossed.macro_f1:.1f} | {100 * crossed.accuracy:.1f} | {crossed.calibration_error:.3f} "
        f"| {languages} |"
    )


def _alone(made: "Finished") -> str:
    parts = list(dict.fromkeys(part for scores in made.alone.values() for part in scores))
    rows = [
        f"| {kind} | " + " | ".join(f"{100 * scores[part]:.1f}" for part in parts) + " |"
        for kind, scores in made.alone.items()
    ]
    return _lines(
        ["| set and language | " + " | ".join(parts) + " |", "| --- |" + " ---: |" * len(parts), *rows]
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


def _calibration(judgements: Sequence["Judgement"]) -> list[str]:
    judged = [(one.name, one.whole.overall) for one in judgements if one.whole.overall]
    edges = sorted({at for _, found in judged for at in found.calibration})
    head = ["| set | " + " | ".join(edges) + " |", "| --- |" + " ---: |" * len(edges)]
    return head + [
        f"| {name} | " + " | ".join(_bin(found, edge) for edge in edges) + " |" for name, found in judged
    ]


def _bin(found: Measures, edge: str) -> str:
    inside = found.calibration.get(edge)
    return f"{100 * inside.right:.0f} % of {inside.texts}" if inside else "-"
