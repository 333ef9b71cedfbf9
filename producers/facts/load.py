"""Reads the facts of a collector."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_FOLDER = Path(__file__).parent


class Facts(BaseModel):
    """Sentences for whoever decides whether to run a collector; settings in them are named in full."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    needs: str = Field(min_length=1)
    costs: str = Field(min_length=1)
    sees: str = Field(min_length=1)
    blind: str = Field(min_length=1)
    terms: str = Field(min_length=1)

    def told(self) -> dict[str, str]:
        """Heading to sentence, in the order in which they are told."""
        return {
            "needs": self.needs,
            "costs": self.costs,
            "sees": self.sees,
            "does not see": self.blind,
            "terms": self.terms,
        }


@cache
def facts_of(name: str) -> Facts:
    """The facts of the collector `name`; raises FileNotFoundError where nobody has written them."""
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return Facts.model_validate(tomllib.load(file))
