"""The list of canaries."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from schemas.errors import Fatal

SHIPPED = Path(__file__).with_name("canaries.toml")


class Canary(BaseModel):
    """What is asked of one collector, or why nothing is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str | None = None
    why: str = ""

    @model_validator(mode="after")
    def _either(self) -> "Canary":
        if (self.query is None) == (not self.why):
            raise ValueError("either a query or why there is none")
        return self


_CANARIES = TypeAdapter(dict[str, Canary])


def load_canaries(path: Path | None) -> Mapping[str, Canary]:
    """By the name of the collector, of the TOML file, by default the shipped one; raises Fatal where it is wrong."""
    path = path or SHIPPED
    try:
        with path.open("rb") as file:
            return _CANARIES.validate_python(tomllib.load(file))
    except OSError as error:
        raise Fatal(f"cannot read the canaries of {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Fatal(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
