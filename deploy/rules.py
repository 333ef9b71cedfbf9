"""Rules of alerts as a person writes them."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from deploy.control import ControlRecord, Seed
from schemas.events import Rule

KINDS = ("volume_spike", "sentiment_shift", "price_move", "keyword", "source_silent")
"""What is watched for; the event knows more kinds, whose stages do not exist yet."""

_MENTIONS = ("all", "keyword", "symbol", "hashtag")
_SUBJECTS = {
    "volume_spike": _MENTIONS,
    "sentiment_shift": _MENTIONS,
    "keyword": ("keyword", "symbol", "hashtag"),
    "price_move": ("symbol",),
    "source_silent": ("source",),
}
_WINDOWS = {"price_move": ("1m", "1d"), "source_silent": ("",)}
_ANY_WINDOW = ("1m", "5m", "1h", "1d")


class RuleSeed(Seed):
    """What to be told of. The order of the fields is the order of checking: later ones depend on the kind."""

    id: str = Field(min_length=1, max_length=80, pattern=r"^[\w.-]+$")
    name: str = Field(min_length=1, max_length=200)
    kind: Literal[
        "volume_spike", "sentiment_shift", "price_move", "divergence", "keyword", "new_topic", "source_silent"
    ]
    subject: str = Field(min_length=1, max_length=250)
    platform: str = ""
    window: str = ""
    threshold: float = Field(0.0, allow_inf_nan=False)
    minimum: int = Field(0, ge=0)
    early: bool = False
    severity: Literal["info", "warning", "critical"] = "warning"
    cooldown_s: int = Field(0, ge=0, le=366 * 86_400)
    active: bool = True

    @field_validator("kind")
    @classmethod
    def _is_watched(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"{kind} cannot be watched for yet; these can: {', '.join(KINDS)}")
        return kind

    @field_validator("subject")
    @classmethod
    def _names_something(cls, subject: str, info: ValidationInfo) -> str:
        kind, colon, name = subject.partition(":")
        allowed = _SUBJECTS.get(info.data.get("kind", ""), ())
        if not colon or (allowed and kind not in allowed):
            wanted = " or ".join(f"{one}:" if one == "all" else f"{one}:NAME, {one}:*" for one in allowed)
            raise ValueError(f"{subject!r} is not {wanted or 'kind:value'}")
        if kind == "all" and name:
            raise ValueError(f"{subject!r}: all: has no name")
        if kind != "all" and not name:
            raise ValueError(f"{subject!r} names nothing; {kind}:* is every one")
        if "*" in name.removesuffix("*"):
            raise ValueError(f"{subject!r}: * stands at the end alone")
        return subject

    @field_validator("platform")
    @classmethod
    def _has_platforms(cls, platform: str, info: ValidationInfo) -> str:
        if platform and info.data.get("kind") in ("price_move", "source_silent"):
            raise ValueError(f"{info.data['kind']} knows no platforms")
        return platform

    @field_validator("window")
    @classmethod
    def _is_cut(cls, window: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        allowed = _WINDOWS.get(kind, _ANY_WINDOW) if kind else (window,)
        if window not in allowed:
            wanted = ", ".join(allowed) if any(allowed) else "empty"
            raise ValueError(f"{window!r} is no window of {kind}: {wanted}")
        return window

    @field_validator("threshold")
    @classmethod
    def _can_be_reached(cls, threshold: float, info: ValidationInfo) -> float:
        match info.data.get("kind"):
            case "sentiment_shift" if not 0 < abs(threshold) <= 1:
                raise ValueError(
                    "a shift of a share lies between 0 and 1 (negative: of the positive mentions)"
                )
            case "volume_spike" | "price_move" | "source_silent" if threshold <= 0:
                raise ValueError("must be greater than 0")
            case "keyword" if threshold:
                raise ValueError("must be 0: mentions are asked for by minimum")
        return threshold

    @field_validator("minimum")
    @classmethod
    def _counts_mentions(cls, minimum: int, info: ValidationInfo) -> int:
        kind = info.data.get("kind")
        if kind == "keyword" and minimum < 1:
            raise ValueError("must be at least 1: it is what the rule asks for")
        if minimum and kind in ("price_move", "source_silent"):
            raise ValueError(f"{kind} counts no mentions")
        return minimum

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    def record(self, now: int, before: ControlRecord | None) -> Rule:
        """The event: one revision after `before`, or as it was where nothing has changed."""
        rule: Rule = {
            "id": self.id,
            "revision": 1,
            "owner": None,
            "name": self.name,
            "kind": self.kind,
            "subject": self.subject,
            "platform": self.platform,
            "window": self.window,
            "threshold": self.threshold,
            "minimum": self.minimum,
            "early": self.early,
            "severity": self.severity,
            "cooldown_s": self.cooldown_s,
            "active": self.active,
            "updated_at": now,
        }
        if before is None:
            return rule
        same: Rule = {**rule, "revision": before["revision"], "updated_at": before["updated_at"]}
        return same if same == before else {**rule, "revision": before["revision"] + 1}
