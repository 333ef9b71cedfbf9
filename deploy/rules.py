"""Rules of alerts as a person writes them."""

from typing import Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from deploy.control import ControlRecord, Seed
from schemas.events import AlertKind, Rule, Severity

KINDS: tuple[AlertKind, ...] = get_args(AlertKind)
"""What can be watched for."""

_MENTIONS = ("all", "keyword", "symbol", "hashtag", "pair", "topic")
_SUBJECTS = {
    "volume_spike": _MENTIONS,
    "sentiment_shift": _MENTIONS,
    "keyword": ("keyword", "symbol", "hashtag", "pair"),
    "price_move": ("symbol",),
    "divergence": ("symbol",),
    "new_topic": ("topic",),
    "source_silent": ("source",),
}
_WINDOWS = {
    "price_move": ("1m", "1d"),
    "divergence": ("1m", "1d"),
    "new_topic": ("", "1m", "5m", "1h", "1d"),
    "source_silent": ("",),
}
_PAIR_WINDOWS = ("5m", "1h")
_ANY_WINDOW = ("1m", "5m", "1h", "1d")
_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"


class RuleSeed(Seed):
    """What to be told of. The order of the fields is the order of checking: later ones depend on the kind."""

    model_config = ConfigDict(validate_default=True)

    id: str = Field(min_length=1, max_length=80, pattern=r"^[\w.-]+$")
    name: str = Field(min_length=1, max_length=200)
    kind: AlertKind
    subject: str = Field(min_length=1, max_length=250)
    platform: str = ""
    window: str = ""
    threshold: float = Field(0.0, allow_inf_nan=False)
    change: float = Field(0.0, allow_inf_nan=False, ge=0)
    minimum: int = Field(0, ge=0)
    early: bool = False
    severity: Severity = "warning"
    cooldown_s: int = Field(0, ge=0, le=366 * 86_400)
    quiet_from: str | None = Field(None, pattern=_OF_DAY)
    quiet_to: str | None = Field(None, pattern=_OF_DAY)
    quiet_zone: str | None = None
    active: bool = True

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
        if platform and info.data.get("kind") in ("price_move", "new_topic", "source_silent"):
            raise ValueError(f"{info.data['kind']} knows no platforms")
        if platform and _of_pairs(info):
            raise ValueError("pairs of words are counted over all platforms together")
        return platform

    @field_validator("window")
    @classmethod
    def _is_cut(cls, window: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        allowed = _WINDOWS.get(kind, _ANY_WINDOW) if kind else (window,)
        if window not in allowed:
            wanted = ", ".join(allowed) if any(allowed) else "empty"
            raise ValueError(f"{window!r} is no window of {kind}: {wanted}")
        if window not in _PAIR_WINDOWS and _of_pairs(info):
            raise ValueError(f"{window!r} is no window of pairs of words: {', '.join(_PAIR_WINDOWS)}")
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
            case "divergence" if not 0 < threshold <= 2:  # noqa: PLR2004 -- from all positive to all negative
                raise ValueError("a shift of the mood lies between 0 and 2")
            case "new_topic" if threshold < 0:
                raise ValueError("must be at least 0; 0 asks for no trending score")
            case "keyword" if threshold:
                raise ValueError("must be 0: mentions are asked for by minimum")
        return threshold

    @field_validator("change")
    @classmethod
    def _is_of_a_price(cls, change: float, info: ValidationInfo) -> float:
        kind = info.data.get("kind")
        if kind == "divergence" and not change:
            raise ValueError("must be greater than 0: how far the price must have moved")
        if change and kind and kind != "divergence":
            raise ValueError(f"{kind} asks for no change beside its threshold")
        return change

    @field_validator("minimum")
    @classmethod
    def _counts_mentions(cls, minimum: int, info: ValidationInfo) -> int:
        kind = info.data.get("kind")
        if kind in ("keyword", "new_topic") and minimum < 1:
            raise ValueError("must be at least 1: it is what the rule asks for")
        if minimum and kind in ("price_move", "source_silent"):
            raise ValueError(f"{kind} counts no mentions")
        return minimum

    @field_validator("early")
    @classmethod
    def _can_be_early(cls, early: bool, info: ValidationInfo) -> bool:
        if early and info.data.get("kind") in ("divergence", "new_topic", "source_silent"):
            raise ValueError(f"{info.data['kind']} is never told early")
        return early

    @field_validator("cooldown_s")
    @classmethod
    def _is_told_again(cls, cooldown_s: int, info: ValidationInfo) -> int:
        if cooldown_s and info.data.get("kind") == "new_topic":
            raise ValueError("must be 0: a topic is told of once")
        return cooldown_s

    @field_validator("quiet_zone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        try:
            return None if zone is None else ZoneInfo(zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no time zone") from None

    @model_validator(mode="after")
    def _has_whole_quiet_hours(self) -> Self:
        given = self.quiet_from, self.quiet_to, self.quiet_zone
        if any(given) and not all(given):
            raise ValueError("quiet hours need quiet_from, quiet_to and quiet_zone")
        if self.quiet_from is not None and self.quiet_from == self.quiet_to:
            raise ValueError("quiet hours that end when they begin are none")
        return self

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
            "change": self.change,
            "minimum": self.minimum,
            "early": self.early,
            "severity": self.severity,
            "cooldown_s": self.cooldown_s,
            "quiet_from": self.quiet_from,
            "quiet_to": self.quiet_to,
            "quiet_zone": self.quiet_zone,
            "active": self.active,
            "updated_at": now,
        }
        if before is None:
            return rule
        same: Rule = {**rule, "revision": before["revision"], "updated_at": before["updated_at"]}
        return same if same == before else {**rule, "revision": before["revision"] + 1}


def _of_pairs(info: ValidationInfo) -> bool:
    """Whether the rule watches pairs of words."""
    return str(info.data.get("subject", "")).startswith("pair:")
