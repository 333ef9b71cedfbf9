"""The simulated world as data: subjects and phrases from their files, platforms, sources and people."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["id", "en"]
Feeling = Literal["positive", "negative", "neutral"]
FEELINGS: tuple[Feeling, ...] = ("positive", "negative", "neutral")


@dataclass(frozen=True, slots=True)
class Subject:
    """Something people talk about; `names` are by language, `mood` runs from -1 to 1."""

    slug: str
    kind: Literal["public", "market"]
    weight: float
    mood: float
    names: Mapping[Language, Sequence[str]]
    hashtags: Sequence[str]
    symbols: Sequence[str]


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform's share of all posts, its sources, how many people write there and how often in English."""

    name: str
    weight: float
    sources: Sequence[str]
    people: int
    english: float
    answers: float
    """Share of its posts that answer or repeat another one."""


PLATFORMS = (
    Platform("x", 45, ("search",), 40_000, 0.2, 0.15),
    Platform("youtube", 20, ("Kanal Warga", "Bincang Pasar", "Sudut Kota"), 25_000, 0.1, 0.9),
    Platform(
        "news", 13, ("kabar-nusantara", "warta-pagi", "lensa-bisnis", "the-archipelago-post"), 60, 0.2, 0.25
    ),
    Platform("kaskus", 12, ("the-lounge", "berita-dan-politik", "saham"), 8_000, 0.0, 0.7),
    Platform("reddit", 10, ("indonesia", "finansial", "stocks"), 6_000, 0.45, 0.7),
)


@cache
def subjects() -> tuple[Subject, ...]:
    """Every subject of `subjects.toml`, in its order."""
    return tuple(
        Subject(
            slug=row["slug"],
            kind=row["kind"],
            weight=row["weight"],
            mood=row["mood"],
            names={"id": row["id"], "en": row["en"]},
            hashtags=row["hashtags"],
            symbols=row.get("symbols", []),
        )
        for row in _load("subjects.toml")["subject"]
    )


@cache
def phrases() -> Mapping[str, Any]:
    """`phrases.toml`: phrases by language, and the names of people."""
    return _load("phrases.toml")


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files("producers.simulation") / name).read_text(encoding="utf-8"))
