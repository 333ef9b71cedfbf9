import json
import random
from collections import Counter
from pathlib import Path
from typing import Any, cast

from processors.logic.authors import estimate, merged
from processors.logic.partials import (
    MOST_ENGAGEMENT,
    PartialFold,
    engagement_of,
    subjects_of,
    watermark_partial,
)
from processors.logic.sums import MAX_SAMPLES, MAX_SOURCES, MAX_TERMS
from schemas import events
from schemas.codec import Codec
from schemas.events import Mention, Partial
from schemas.registry import PinnedIds

MINUTE = 60_000
START = 1_435_708_800_000


def mention(number: int, at: int = START, **fields: Any) -> Mention:
    golden = json.loads(
        (Path(events.__file__).parents[1] / "examples" / "mention" / "1" / "bare.json").read_text()
    )
    values = {
        **golden.get("record", golden),
        "id": f"x:{number}",
        "platform": "x",
        "source": "feed",
        "event_at": at,
        "author_id": f"a{number}",
        "sentiment": "neutral",
        "keywords": [],
        "symbols": [],
        "hashtags": [],
        **fields,
    }
    return cast("Mention", values)


def fold(mentions: list[Mention], before: int = 0) -> list[Partial]:
    made = PartialFold()
    for one in mentions:
        made.add(one, ["harga"])
    highest = max([before, *(one["event_at"] for one in mentions)])
    return list(made.partials(2, before, highest, 9))


def test_every_subject_platform_and_minute_has_one_partial() -> None:
    partials = fold(
        [
            mention(
                1, symbols=["AAPL"], hashtags=["ihsg"], keywords=["k1"], likes=2, shares=3, comments=None
            ),
            mention(2, START + 1, symbols=["AAPL"], sentiment="positive"),
            mention(3, START + MINUTE, platform="news"),
        ]
    )
    found = {(p["subject_kind"], p["subject"], p["platform"], p["bucket"]): p for p in partials}
    assert len(found) == len(partials) == 5
    apple = found["symbol", "AAPL", "x", START]
    assert (apple["mentions"], apple["positive"], apple["neutral"], apple["engagement"]) == (2, 1, 1, 5)
    assert apple["terms"] == {"harga": 2}
    assert apple["sources"] == {"feed": 2}
    assert estimate(apple["authors"]) == 2
    assert found["all", "", "news", START + MINUTE]["mentions"] == 1


def test_of_how_many_the_author_is_known() -> None:
    unknown: dict[str, Any] = {"author_id": None, "author_handle": None, "author_name": None}
    (one,) = fold([mention(1), mention(1), mention(2), mention(3, **unknown)])
    assert (one["mentions"], one["authored"], estimate(one["authors"])) == (4, 3, 2)


def test_totals_tell_of_every_platform_and_minute_and_stand_before_every_watermark() -> None:
    day: dict[str, Any] = {"published_precision": "day"}
    mentions = [
        mention(1, symbols=["AAPL"]),
        mention(2, START + 1),
        mention(3, platform="news"),
        mention(4, START + MINUTE),
        mention(5, **day),
    ]
    made = PartialFold()
    for one in mentions:
        made.add(one, [])
    totals = made.totals(2, 7, 9)
    assert totals["sources"] == {f"{START} x": 2, f"{START} news": 1, f"{START + MINUTE} x": 1}
    assert (totals["subject_kind"], totals["mentions"], totals["watermark"]) == ("totals", 0, 7)


def test_what_is_known_to_the_day_is_counted_apart() -> None:
    day: dict[str, Any] = {"published_precision": "day"}
    partials = fold([mention(1), mention(2, **day), mention(3, START + MINUTE, **day), mention(4, **day)])
    assert [(one["bucket"], one["day_only"], one["mentions"]) for one in partials] == [
        (START, False, 1),
        (START, True, 2),
        (START + MINUTE, True, 1),
    ]


def test_no_watermark_passes_a_minute_that_is_still_to_come() -> None:
    dice = random.Random(7)
    mentions = [mention(number, START + dice.randrange(300 * MINUTE)) for number in range(200)]
    before = START + 60 * MINUTE
    partials = fold(mentions, before)
    for position, one in enumerate(partials):
        later = [other["bucket"] for other in partials[position:] if other["bucket"] >= before]
        assert one["watermark"] == before or one["watermark"] <= min(later)
        assert one["watermark"] >= before
    assert max(p["watermark"] for p in partials) <= max(m["event_at"] for m in mentions)


def test_however_mentions_are_split_the_sums_are_the_same() -> None:
    dice = random.Random(3)
    mentions = [
        mention(
            number,
            START + dice.randrange(3 * MINUTE),
            symbols=sorted(dice.sample(["A", "B", "C"], dice.randrange(3))),
            sentiment=dice.choice(["positive", "negative", "neutral"]),
            author_id=f"a{dice.randrange(9)}",
        )
        for number in range(120)
    ]

    def sums(batches: list[list[Mention]]) -> tuple[Counter[Any], dict[Any, int]]:
        totals: Counter[Any] = Counter()
        authors: dict[Any, list[bytes]] = {}
        for batch in batches:
            for one in fold(batch):
                subject = (one["subject_kind"], one["subject"], one["bucket"])
                for field in ("mentions", "positive", "negative", "neutral", "engagement"):
                    totals[*subject, field] += one[field]
                authors.setdefault(subject, []).append(one["authors"])
        return totals, {subject: estimate(merged(sketches)) for subject, sketches in authors.items()}

    parts = [mentions[start : start + 17] for start in range(0, 120, 17)]
    assert sums(parts) == sums([mentions])
    assert sums([mentions])[0]["all", "", START, "mentions"] == sum(
        1 for m in mentions if m["event_at"] < START + MINUTE
    )


def test_collections_are_bounded() -> None:
    made = PartialFold()
    for number in range(200):
        made.add(mention(number, source=f"s{number}"), [f"kata{number}", "sering"])
    (one,) = made.partials(0, 0, START, 0)
    assert len(one["terms"]) == MAX_TERMS
    assert one["terms"]["sering"] == 200
    assert len(one["sources"]) == MAX_SOURCES
    assert len(one["samples"]) == MAX_SAMPLES
    assert one["mentions"] == 200


def test_no_claim_of_engagement_is_too_large_to_be_summed() -> None:
    claimed = (1 << 63) - 1
    boasts = [mention(number, likes=claimed, shares=claimed, comments=claimed) for number in range(9)]
    codec = Codec(PinnedIds())
    told = [one for one in fold(boasts) if one["subject_kind"] == "all"]
    assert [codec.decode(codec.encode("partial", one)).record["engagement"] for one in told] == [
        9 * MOST_ENGAGEMENT
    ]
    assert engagement_of(mention(1, likes=claimed)) == MOST_ENGAGEMENT
    assert engagement_of(mention(1, likes=-5)) == 0


def test_an_unknown_author_is_not_an_author() -> None:
    (one,) = fold([mention(1, author_id=None, author_handle=None, author_name=None)])
    assert estimate(one["authors"]) == 0


def test_partials_and_watermarks_are_events() -> None:
    codec = Codec(PinnedIds())
    totals = PartialFold().totals(1, START, 9)
    for one in [*fold([mention(1)]), totals, watermark_partial(3, START, 9, idle=True)]:
        assert codec.decode(codec.encode("partial", one)).record == one


def test_subjects_of_a_mention() -> None:
    one = mention(1, keywords=["k"], symbols=["S"], hashtags=["h"])
    assert list(subjects_of(one)) == [("all", ""), ("keyword", "k"), ("symbol", "S"), ("hashtag", "h")]
