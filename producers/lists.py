"""Lists in TOML of what a collector reads or hears: tables of one model, each with a name of its own."""

import tomllib
from pathlib import Path
from typing import Annotated, Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from schemas.errors import Fatal


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no time zone") from error
    return name


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
"""What names a source: in `Run`, in a post and in a cursor."""
Zone = Annotated[str, AfterValidator(_zone)]
"""The name of a time zone that is there."""


class Named(Protocol):
    """One table of a list."""

    @property
    def name(self) -> str:
        """Its own among the others."""


T = TypeVar("T", bound=Named)


def read_list(path: Path, what: str, model: TypeAdapter[tuple[T, ...]]) -> tuple[T, ...]:
    """The tables `[[what]]` of the file, at least one; raises Fatal, which shows no value, where it is wrong."""
    try:
        with path.open("rb") as file:
            found = model.validate_python(tomllib.load(file).get(what, []))
    except OSError as error:
        raise Fatal(f"cannot read the {what} of {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # Without its cause, which would show what was given: a token, perhaps.
        raise Fatal(f"{path}: {what}.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if not found:
        raise Fatal(f"{path}: no {what}")
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Fatal(f"{path}: two {what} with one name; named twice: {twice[0]}")
    return found
