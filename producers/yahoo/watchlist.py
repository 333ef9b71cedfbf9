"""The symbols to watch."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from schemas.errors import Fatal

SHIPPED = Path(__file__).with_name("watchlist.toml")
_SYMBOL = r"^[A-Z0-9^=.&-]{1,32}$"

_SYMBOLS: TypeAdapter[tuple[str, ...]] = TypeAdapter(
    Annotated[tuple[Annotated[str, Field(pattern=_SYMBOL)], ...], Field(min_length=1)]
)


def as_symbols(given: object) -> tuple[str, ...]:
    """A list of symbols, each once, in capitals and as Yahoo spells them; raises Fatal where one is none."""
    if isinstance(given, list | tuple):
        given = [name.strip().removeprefix("$").upper() if isinstance(name, str) else name for name in given]
    try:
        return tuple(dict.fromkeys(_SYMBOLS.validate_python(given)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Fatal(f"not a list of symbols: {first['msg']}: {str(first['input'])[:80]!r}") from error


def load_watchlist(path: Path | None) -> tuple[str, ...]:
    """The `symbols` of the TOML file, by default the shipped one; raises Fatal where it is wrong."""
    path = path or SHIPPED
    try:
        with path.open("rb") as file:
            return as_symbols(tomllib.load(file).get("symbols", []))
    except OSError as error:
        raise Fatal(f"cannot read the watchlist {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path} is not TOML: {error}") from error
