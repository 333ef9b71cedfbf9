"""The list of outlets: where each lists its articles, and how they are recognised there."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from producers.lists import Name, Zone, read_list

SHIPPED = Path(__file__).with_name("sites.toml")


def _selector(given: str) -> str:
    try:
        LexborHTMLParser("<p>").css(given)
    except SelectolaxError as error:
        raise ValueError(f"{given!r} is no CSS selector") from error
    return given


def _pattern(given: str) -> str:
    try:
        re.compile(given)
    except re.error as error:
        raise ValueError(f"{given!r} is no regular expression: {error}") from error
    return given


def _paged(given: str) -> str:
    if given and "{page}" not in given:
        raise ValueError("says nowhere {page}")
    return given


_Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
_Selector = Annotated[str, AfterValidator(_selector)]


class Site(BaseModel):
    """One outlet; `name` is the source of its posts and the name of its cursor. What the fields mean stands in the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    list: _Address
    next: Annotated[str, AfterValidator(_paged)] = ""
    link: _Selector = "a"
    article: Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
    whole: str = ""
    date: _Selector | None = None
    zone: Zone = "UTC"
    browser: bool = False
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]

    def page(self, number: int) -> str | None:
        """The address of page `number` of the list, from 1; None where it has no further ones."""
        if number == 1:
            return self.list
        return self.next.replace("{page}", str(number)) if self.next else None

    def whole_address(self, url: str) -> str:
        """Where all of the article at `url` is on one page."""
        return f"{url}{'&' if '?' in url else '?'}{self.whole}" if self.whole else url


_SITES = TypeAdapter(tuple[Site, ...])


def load_sites(path: Path | None, what: str = "sites") -> tuple[Site, ...]:
    """The outlets of the TOML file (tables `[[sites]]`, or `what`), by default the shipped one; raises Fatal where it is wrong."""
    return read_list(path or SHIPPED, what, _SITES)
