import pytest
from starlette.datastructures import QueryParams

from api.parameters import Invalid, StreamParameters, read
from api.periods import before
from api.routes.dashboard import DashboardParameters
from api.routes.mentions import MentionsParameters
from api.routes.trends import TrendsParameters


def stream(query: str) -> StreamParameters:
    return read(StreamParameters, QueryParams(query))


def test_lists_are_repeated_or_separated_by_commas() -> None:
    wanted = stream(
        "keyword=a,b&keyword=c&topics=trends,mentions&symbol=bbca.jk&platform=Twitter&language=ID"
    ).filter()
    assert wanted.keyword == {"a", "b", "c"}
    assert wanted.topics == ("mentions", "trends")
    assert wanted.symbol == {"BBCA.JK"}
    assert wanted.platform == {"x"}
    assert wanted.language == {"id"}


def test_without_parameters_all_mentions() -> None:
    wanted = stream("").filter()
    assert wanted.topics == ("mentions",)
    assert not any((wanted.keyword, wanted.platform, wanted.sentiment, wanted.symbol, wanted.language))


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("1447718400000", 1447718400000),
        ("2015-11-17T00:00:00Z", 1447718400000),
        ("2015-11-17T07:00:00+07:00", 1447718400000),
        ("2015-11-17T00:00:00", 1447718400000),
        ("2015-11-17", 1447718400000),
    ],
)
def test_times(text: str, millis: int) -> None:
    assert read(StreamParameters, QueryParams({"since": text})).since == millis


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("topics=posts", ("topics", 0)),
        ("topics=", ("topics", 0)),
        ("keyword=", ("keyword", 0)),
        ("sentiment=good", ("sentiment", 0)),
        ("language=english", ("language", 0)),
        ("window=2h", ("window", 0)),
        ("since=yesterday", ("since",)),
        ("since=-5", ("since",)),
        ("since=1&since=2", ("since",)),
        ("limit=5", ("limit",)),
        ("Keyword=a", ("Keyword",)),
    ],
)
def test_what_is_wrong_is_refused_and_named(query: str, where: tuple[object, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        stream(query)
    (error,) = refused.value.errors
    assert error["loc"] == ["query", *where]
    assert error["msg"]
    assert error["type"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=ten", "limit=1.5", "q=", "topics=mentions", "since=2020-13-01"]
)
def test_mentions_refuse(query: str) -> None:
    with pytest.raises(Invalid):
        read(MentionsParameters, QueryParams(query))


@pytest.mark.parametrize(
    "query",
    [
        "period=1h",
        "tz=Mars/Olympus",
        "tz=../etc/passwd",
        "keyword=a&keyword=b",
        "limit=5",
        "until=0",
        "until=1",
        "until=19999999999",
        "until=4294000000001",
        "until=253402300799999",
        "until=2106-02-01",
    ],
)
def test_the_dashboard_refuses(query: str) -> None:
    with pytest.raises(Invalid):
        read(DashboardParameters, QueryParams(query))


@pytest.mark.parametrize("until", [20_000_000_000, 4_294_000_000_000])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_every_period_has_seconds_of_32_bits(until: int, zone: str) -> None:
    for period in ("24h", "7d", "30d", "90d"):
        cut = read(
            DashboardParameters, QueryParams({"until": str(until), "tz": zone, "period": period})
        ).cut()
        assert before(cut)[0] >= 0
        assert cut.edges[-1] < 2**32


@pytest.mark.parametrize("query", ["sort=id", "window=", "per_subject=0", "kind=person"])
def test_trends_refuse(query: str) -> None:
    with pytest.raises(Invalid):
        read(TrendsParameters, QueryParams(query))


def test_every_fault_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        stream("sentiment=good&since=x&nope=1")
    assert {error["loc"][1] for error in refused.value.errors} == {"sentiment", "since", "nope"}
