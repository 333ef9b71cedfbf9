"""The list of feeds: what to read, in which language, and in which zone its times are where they name none."""

import tomllib
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.errors import Fatal

SHIPPED = Path(__file__).with_name("feeds.toml")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no time zone") from error
    return name


class Feed(BaseModel):
    """One feed; `name` is the source of its posts and the name of its cursor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    platform: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "news"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


_FEEDS = TypeAdapter(tuple[Feed, ...])


def load_feeds(path: Path | None) -> tuple[Feed, ...]:
    """The feeds of the TOML file (tables `[[feeds]]`), by default the shipped one; raises Fatal where it is wrong."""
    path = path or SHIPPED
    try:
        with path.open("rb") as file:
            feeds = _FEEDS.validate_python(tomllib.load(file).get("feeds", []))
    except OSError as error:
        raise Fatal(f"cannot read the feeds of {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Fatal(f"{path}: feeds.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    names = [feed.name for feed in feeds]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not feeds or twice:
        raise Fatal(f"{path}: {f'named twice: {twice[0]}' if twice else 'no feeds'}")
    return feeds
