"""The smallest removal that would have kept a rule quiet: what among the mentions of a window its alert hung on."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.events import Trend


@dataclass(frozen=True, slots=True)
class Removal:
    """What `parts` (mentions by name) consist `of`, and a sentence. `of` is empty where it cannot be told; the sentence says why."""

    of: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


def unknown(why: str) -> Removal:
    """None can be told."""
    return Removal(note=f"What would have kept it quiet cannot be told: {why}.")


def of_mentions(trend: Trend, left: int, doubt: str = "") -> Removal:
    """The rule is quiet where at most `left` mentions of the window are left: the fewest things without which no more are.

    A thing is a source with all its mentions, or all near-copies of posts told before; of as many sources the largest are named,
    of one thing that with fewer mentions. A window names a bounded number of sources: where these are not enough, only how many
    mentions would be is told. `doubt` says why less than that might have done.
    """
    surplus = trend["mentions"] - left
    # Copies of mentions that came too late are counted in `copies` too: how many are of this window is not known then.
    copies = 0 if trend["late"] else min(trend["copies"], trend["mentions"])
    candidates = []
    if copies >= surplus:
        candidates.append(Removal("copies", {"copies": copies}, f"its near-copies ({copies})"))
    sources = _largest(trend["sources"], surplus)
    if sources:
        named = _listed(f"{name} ({count})" for name, count in sources.items())
        candidates.append(Removal("sources", sources, named))
    if not candidates:
        return any_mentions(trend["mentions"], left, doubt)
    best = min(candidates, key=lambda one: (len(one.parts), sum(one.parts.values())))
    posts = f"{best.note}, or without {_any_of(surplus, trend['mentions'])}"
    return Removal(best.of, best.parts, _sentence(posts, doubt))


def any_mentions(mentions: int, left: int, doubt: str = "") -> Removal:
    """The same where nothing else is known of the mentions."""
    surplus = mentions - left
    return Removal("mentions", {"mentions": surplus}, _sentence(_any_of(surplus, mentions), doubt))


def of_sentiments(counts: Sequence[tuple[str, int]], tells: Callable[[Mapping[str, int]], bool]) -> Removal:
    """The fewest mentions by sentiment; `tells` says whether the rule would still have told with the counts that are left.

    `counts` stand in the order in which their absence helps: taking from a later one helps no more than from an earlier one, and the more
    are taken the less there is to tell; without any mention there is nothing. Of which sources they are, a window does not say.
    """
    total = sum(count for _, count in counts)

    def taken(number: int) -> dict[str, int]:
        parts = {}
        for name, count in counts:
            parts[name] = min(count, number)
            number -= parts[name]
        return parts

    def quiet(number: int) -> bool:
        parts = taken(number)
        return not tells({name: count - parts[name] for name, count in counts})

    number = bisect_left(range(total), True, key=quiet)
    parts = {name: count for name, count in taken(number).items() if count}
    whole = dict(counts)
    named = _listed(f"{count} of its {whole[name]} {name} mentions" for name, count in parts.items())
    return Removal("sentiments", parts, _sentence(named, ""))


def _largest(counts: Mapping[str, int], surplus: int) -> dict[str, int]:
    """The fewest names that have `surplus` together, the largest ones; none where all are not enough."""
    taken: dict[str, int] = {}
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        taken[name] = count
        surplus -= count
        if surplus <= 0:
            return taken
    return {}


def _any_of(number: int, mentions: int) -> str:
    return f"any {number} of its {mentions} mentions"


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _sentence(what: str, doubt: str) -> str:
    return f"Without {what} it would have been quiet." + (f" {doubt}" if doubt else "")
