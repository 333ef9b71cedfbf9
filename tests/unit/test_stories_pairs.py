"""The stage `stories` tells of pairs of words once, whatever batches, crashes and attempts that did not commit."""

from collections.abc import Iterator

from processors.logic.stories.fingerprints import watermark_fingerprint
from schemas.events import Fingerprint
from tests.support.storytelling import HOUR, MINUTE, START, Teller, fingerprint
from tests.support.watching import told

AT = START + 12 * HOUR
BURST = 12
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def spelled(number: int) -> str:
    """A number as a word of letters, for figures are no words."""
    return "".join(LETTERS[int(digit)] for digit in f"{number:04}")


def heard(at: int) -> list[Fingerprint]:
    """All four partitions of posts have been read up to then."""
    return [watermark_fingerprint(partition, at, at, idle=False) for partition in range(4)]


def said() -> Iterator[Fingerprint]:
    """Two posts an hour for half a day, then twelve within half an hour that share two words, one of them twice told."""
    for number in range(24):
        one = spelled(number)
        text = f"pasar {one} ramai sejak {one}x pagi oleh {one}y warga kota {one}z"
        yield fingerprint(text, number, event_at=START + number * HOUR // 2)
    for number in range(100, 100 + BURST):
        one = spelled(number)
        # Half of them say too little to be a story.
        more = f"kata {one}x yang {one}y pada {one}z" if number % 2 else ""
        yield fingerprint(
            f"gempa {one} di bandung {more}",
            number,
            event_at=AT + (number - 100) * 2 * MINUTE,
            author=f"news:b{number}",
            engagement=3,
        )
    one = spelled(101)
    text = f"gempa {one} di bandung kata {one}x yang {one}y pada {one}z"
    yield fingerprint(text, 200, event_at=AT + HOUR // 2)


def expected(teller: Teller) -> None:
    trends = told(teller.trends)
    hour = trends[f"pair:bandung gempa::1h:{AT}", 12]
    assert (hour["mentions"], hour["copies"], hour["engagement"], hour["closed"]) == (
        BURST + 1,
        1,
        3 * BURST,
        True,
    )
    assert hour["score"] > 6
    assert {one["subject"] for one in teller.trends} == {"bandung gempa"}


def test_a_burst_becomes_a_subject_with_its_copies_apart() -> None:
    teller = Teller()
    teller.tell_all(list(said()), 7)
    assert teller.trends == []
    teller.tell(*heard(AT + 2 * HOUR))
    expected(teller)


def test_crashes_and_attempts_change_nothing() -> None:
    calm, crashed = Teller(), Teller()
    posts = [*said(), *heard(AT + HOUR // 4), *heard(AT + 2 * HOUR)]
    calm.tell_all(posts, 5)
    for at in range(0, len(posts), 5):
        part = posts[at : at + 5]
        crashed.tell(*part, commit=False)
        crashed.tell(*part)
        if at % 2:
            crashed.crash()
    expected(crashed)
    ours, theirs = told(crashed.trends), told(calm.trends)
    assert {key: {**one, "computed_at": 0} for key, one in ours.items()} == {
        key: {**one, "computed_at": 0} for key, one in theirs.items()
    }
    for table in ("wordings", "sketches", "pairs", "pair-marks"):
        assert crashed.rows(table) == calm.rows(table), table


def test_posts_with_long_names_and_words_fit_their_rows_and_are_told_of() -> None:
    teller = Teller()
    usual = [
        fingerprint(f"pasar {spelled(number)} ramai", number, event_at=START + number * 3 * MINUTE)
        for number in range(240)
    ]
    teller.tell(*usual)
    long = "\x01" * 400
    burst = [
        fingerprint(
            f"gempa bandung {spelled(number)} {' '.join(chr(0x10428) * 28 + chr(0x10428 + each) for each in range(8))}",
            number,
            kind="short",
            event_at=AT + number,
            post_id=f"webhook:{long}{number}" if number else "webhook:0",
            author=f"webhook:{long}{number}" if number > 1 else None,
            source=long,
        )
        for number in range(400)
    ]
    teller.tell(*burst)
    assert max(map(len, teller.rows("wordings").values())) < 400
    teller.crash()
    teller.tell(*heard(AT + 2 * HOUR))
    # Any pair of theirs, for all words stand in all posts.
    (hour,) = [one for one in teller.trends if one["revision"] == 12]
    assert (hour["mentions"], hour["authors"], hour["samples"]) == (400, 398, ["webhook:0"])
    assert [len(name) for name in hour["sources"]] == [200]
