"""Query parameters: read into typed models, and refused with 422 where they are not what they should be."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, get_origin
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from starlette.datastructures import QueryParams
from starlette.requests import Request

from api.catalogue import LIVE
from api.filters import ALL_PLATFORMS, Filter
from api.positions import ordered

_ALIASES = {"twitter": "x"}
_MAX_MILLIS = 253_402_300_799_999
"""The last millisecond of the year 9999."""

Query = TypeVar("Query", bound=BaseModel)


class Invalid(Exception):  # noqa: N818 -- named for what the request is
    """A request is refused; `errors` are {"loc", "msg", "type"} each."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(errors)} invalid parameters")
        self.errors = errors

    @classmethod
    def one(cls, name: str, message: str, kind: str = "value_error") -> "Invalid":
        """A single fault in a single query parameter."""
        return cls([{"loc": ["query", name], "msg": message, "type": kind}])


def _instant(value: Any) -> Any:
    """ISO 8601 (UTC where it names no zone) or epoch milliseconds, as epoch milliseconds."""
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isdigit():
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be an ISO 8601 time or epoch milliseconds") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _live(name: str) -> str:
    if name not in LIVE:
        raise ValueError(f"must be one of {', '.join(LIVE)}")
    return name


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database")
    return name


Instant = Annotated[
    int,
    BeforeValidator(_instant),
    Field(ge=0, le=_MAX_MILLIS),
    WithJsonSchema({"type": ["integer", "string"], "description": "ISO 8601 or epoch milliseconds"}),
]
"""Epoch milliseconds; given as such or as ISO 8601."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Platform = Annotated[Word, AfterValidator(lambda name: _ALIASES.get(name.lower(), name.lower()))]
Symbol = Annotated[Word, AfterValidator(str.upper)]
Language = Annotated[str, StringConstraints(pattern="^[A-Za-z]{2,3}$"), AfterValidator(str.lower)]
Sentiment = Annotated[str, StringConstraints(pattern="^(positive|negative|neutral)$")]
Window = Annotated[str, StringConstraints(pattern="^(1m|5m|1h|1d)$")]
Kind = Annotated[str, StringConstraints(pattern="^(all|keyword|symbol|hashtag|pair|topic)$")]
AlertKind = Annotated[
    str,
    StringConstraints(
        pattern="^(volume_spike|sentiment_shift|price_move|divergence|keyword|new_topic|source_silent)$"
    ),
]
Severity = Annotated[str, StringConstraints(pattern="^(info|warning|critical)$")]
Conflate = Annotated[str, StringConstraints(pattern="^latest$")]
LiveName = Annotated[str, AfterValidator(_live)]
Zone = Annotated[str, AfterValidator(_zone)]

MANY = 100


class Parameters(BaseModel):
    """Base of all: unknown parameters are refused, lists may be repeated or separated by commas."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MentionFilters(Parameters):
    """What narrows mentions, live or landed; values of one parameter are alternatives."""

    keyword: list[Word] = Field([], max_length=MANY, description="keyword ids found in the mention")
    platform: list[Platform] = Field([], max_length=MANY, description="platforms; `all` is any")
    sentiment: list[Sentiment] = Field([], max_length=3, description="positive, negative, neutral")
    symbol: list[Symbol] = Field([], max_length=MANY, description="instrument symbols")
    language: list[Language] = Field([], max_length=MANY, description="detected languages, ISO 639-1")

    def platforms(self) -> list[str]:
        """The platforms to keep; empty for any."""
        return [] if ALL_PLATFORMS in self.platform else self.platform


class StreamParameters(MentionFilters):
    """Parameters of the live stream; what is not said to be of one topic restricts all that have such a field."""

    topics: list[LiveName] = Field(
        ["mentions"],
        min_length=1,
        max_length=10,
        description="live topics: mentions, trends, alerts, stories, topics",
    )
    window: list[Window] = Field([], max_length=4, description="trends: windows 1m, 5m, 1h, 1d")
    kind: list[Kind] = Field([], max_length=10, description="trends: kinds of subject")
    rule: list[Word] = Field([], max_length=MANY, description="alerts: ids of rules")
    alert: list[AlertKind] = Field([], max_length=10, description="alerts: kinds of alert")
    severity: list[Severity] = Field([], max_length=3, description="alerts: info, warning, critical")
    min_score: float | None = Field(
        None, allow_inf_nan=False, description="trends: the least score (z) that is shown"
    )
    min_copies: int = Field(
        0, ge=0, le=1_000_000_000, description="stories: the fewest copies that are shown"
    )
    text: Word | None = Field(
        None,
        description="words that must stand, in whatever case, in a mention's title or text, in a trend's subject, in a story's excerpt, in a topic's label or terms, or in an alert's explanation",
    )
    conflate: Conflate | None = Field(
        None,
        description="`latest`: of events of one key that wait to be sent only the newest is sent; for those who show the present",
    )
    since: Instant | None = Field(
        None, description="start at what was collected at this time (ISO 8601 or epoch ms)"
    )
    last_event_id: list[str] = Field(
        [],
        max_length=10,
        description="go on after this id, where no Last-Event-ID header is sent; "
        "positions of different topics may be given beside each other",
    )

    def filter(self) -> Filter:
        """The filter these parameters ask for."""
        return Filter(
            ordered(self.topics),
            frozenset(self.keyword),
            frozenset(self.platform),
            frozenset(self.sentiment),
            frozenset(self.symbol),
            frozenset(self.language),
            frozenset(self.window),
            frozenset(self.kind),
            frozenset(self.rule),
            frozenset(self.alert),
            frozenset(self.severity),
            self.min_score,
            (self.text or "").lower(),
            min_copies=self.min_copies,
        )


def read(model: type[Query], given: QueryParams) -> Query:
    """The parameters of a request; raises Invalid."""
    lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    values: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    for name in given:
        found = given.getlist(name)
        if name in lists:
            values[name] = [part.strip() for value in found for part in value.split(",")]
        elif len(found) > 1:
            errors.append({"loc": ["query", name], "msg": "may be given once only", "type": "repeated"})
        else:
            values[name] = found[0]
    try:
        parameters = model.model_validate(values)
    except ValidationError as error:
        errors += [_detail(one) for one in error.errors(include_url=False, include_context=False)]
        raise Invalid(errors) from error
    if errors:
        raise Invalid(errors)
    return parameters


def with_path(request: Request) -> QueryParams:
    """What `read` takes, with what stands in the path."""
    return QueryParams([*request.query_params.multi_items(), *request.path_params.items()])


def zone_of(name: str) -> ZoneInfo:
    """The zone of a checked name."""
    return ZoneInfo(name)


def _detail(error: Mapping[str, Any]) -> dict[str, Any]:
    where: Iterable[Any] = error["loc"]
    return {"loc": ["query", *where], "msg": error["msg"], "type": error["type"]}
