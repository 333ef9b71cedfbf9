"""The file of a rule: what the event has, or what a person need say of it."""

from pathlib import Path
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from processors.logic.alerts.rules import RuleBook
from schemas.errors import Fatal, Poison
from schemas.events import AlertKind, Rule, Severity


class RuleFile(BaseModel):
    """A rule; what is not said is as `deploy rules` has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field("rule", min_length=1, pattern=r"^[^:]+$")
    revision: int = 1
    owner: str | None = None
    name: str = ""
    kind: AlertKind
    subject: str = Field(pattern=r"^[a-z]+:")
    platform: str = ""
    window: Literal["", "1m", "5m", "1h", "1d"] = ""
    threshold: float = 0.0
    change: float = Field(0.0, ge=0)
    minimum: int = 0
    early: bool = False
    severity: Severity = "warning"
    cooldown_s: int = Field(0, ge=0)
    quiet_from: str | None = None
    quiet_to: str | None = None
    quiet_zone: str | None = None
    active: bool = True
    updated_at: int = 0


def read(path: Path) -> Rule:
    """The rule in a file, in force whatever it says; raises Fatal where it is none, or one that nobody can watch for."""
    try:
        rule = RuleFile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise Fatal(f"{path}: {error}") from error
    found = cast("Rule", {**rule.model_dump(), "active": True})
    try:
        RuleBook().put(rule.id, found)
    except Poison as error:
        raise Fatal(f"{path}: {error.detail}") from error
    return found
