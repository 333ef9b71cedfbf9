"""Settings of the collectors."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from schemas.settings import KafkaSettings, MetricsSettings


class ProducerSettings(KafkaSettings, MetricsSettings):
    """What the runner and each collector can be told."""

    collectors: str = Field("", description="collectors that `run` starts without names, comma-separated")
    kafka_patience_s: float = Field(60, gt=0, description="seconds to wait for Kafka at the start")
    delivery_timeout_s: float = Field(
        120, ge=1, description="seconds after which a record that is not acknowledged has failed"
    )
    stop_grace_s: float = Field(6, gt=0, description="seconds to wait for acknowledgements when told to stop")
    checkpoint_items: int = Field(2_000, ge=1, description="items after which a cursor is stored")
    checkpoint_s: float = Field(1, ge=0, description="seconds after which a cursor is stored")
    progress_s: float = Field(5, gt=0, description="seconds between progress lines of a run")
    run_timeout_s: float = Field(
        120, gt=0, description="seconds after which a run over a source is cut and tried again later"
    )
    backoff_s: float = Field(
        120, ge=1, description="longest wait after a run that failed, in seconds; throttling may ask for more"
    )
    check_s: float = Field(5, gt=0, description="seconds that `check` gives a source to answer")
    canary_s: float = Field(
        3_600,
        ge=0,
        description="seconds between questions to a source whose answer must not be empty; 0: none",
    )
    canaries: Path | None = Field(
        None, description="TOML list of these questions instead of the one in the package"
    )
    contact: str = Field(
        "", description="page or mail address of who runs this, told to the sites that are read"
    )
    web_gap_s: float = Field(1, ge=0, description="seconds between two requests to one host of the web")
    web_parallel: int = Field(10, ge=1, le=64, description="requests to the web at once, of all collectors")
    web_connect_s: float = Field(10, gt=0, description="seconds to connect to the host of a page or service")
    web_read_s: float = Field(10, gt=0, description="seconds without a byte after which a page is given up")
    web_total_s: float = Field(30, gt=0, description="seconds after which a page is given up though it sends")
    web_max_bytes: int = Field(
        3_000_000, ge=1_000, description="largest page or answer, unpacked, in bytes; larger ones are refused"
    )
    web_inside: str = Field(
        "",
        description="hosts inside our own network that may be read all the same, comma-separated; an address in a list of "
        "feeds or sites is meant as it stands",
    )
    web_proxy: str = Field(
        "",
        description="proxy through which the web is read; it looks names up then, and has to keep requests from going inside",
    )

    engagements_interval_s: float = Field(
        3_600, ge=1, description="seconds between reads of the counts of posts that were published before"
    )
    engagements_hours: float = Field(48, gt=0, description="age in hours up to which counts are read again")

    rss_feeds: Path | None = Field(
        None, description="TOML list of feeds (name, url, language, zone) instead of the one in the package"
    )
    rss_interval_s: float = Field(300, ge=1, description="seconds between runs over a feed")
    rss_parallel: int = Field(4, ge=1, le=64, description="feeds read at once; one at a time of each host")
    rss_connect_s: float = Field(10, gt=0, description="seconds to connect to the host of a feed")
    rss_read_s: float = Field(10, gt=0, description="seconds without a byte after which a feed is given up")
    rss_total_s: float = Field(30, gt=0, description="seconds after which a feed is given up though it sends")
    rss_max_bytes: int = Field(
        3_000_000,
        ge=1_000,
        description="largest answer of a feed, unpacked, in bytes; larger ones are refused",
    )
    rss_full_text: bool = Field(
        False, description="read the article behind each entry, a request each, instead of the summary alone"
    )

    newsapi_key: SecretStr | None = Field(
        None, description="key of newsapi.org, which the collector newsapi needs"
    )
    newsapi_daily: int = Field(
        100,
        ge=1,
        description="requests to NewsAPI that the plan allows a day; runs are as many, evenly spread",
    )
    newsapi_pages: int = Field(1, ge=1, le=100, description="pages that one run reads of a keyword at most")
    newsapi_page_size: int = Field(100, ge=1, le=100, description="articles on a page of NewsAPI")
    newsapi_url: str = Field(
        "https://newsapi.org", description="address of NewsAPI, or of what stands in for it"
    )

    yahoo_watchlist: Path | None = Field(
        None, description="TOML list of symbols instead of the one in the package"
    )
    yahoo_interval_s: float = Field(60, ge=1, description="seconds between polls of the quotes")
    yahoo_history_days: int = Field(
        90, ge=0, description="days of daily candles that `run yahoo` fills in for the watchlist; 0: none"
    )
    yahoo_history_every_s: float = Field(
        21_600, ge=1, description="seconds between looks for new daily candles"
    )
    yahoo_live: bool = Field(
        False, description="follow Yahoo's stream of prices beside the polls (nothing that Yahoo documents)"
    )
    yahoo_live_url: str = Field(
        "wss://streamer.finance.yahoo.com/?version=2",
        description="address of Yahoo's stream, or of what stands in for it",
    )
    yahoo_live_run_s: float = Field(30, gt=0, description="seconds between run events of Yahoo's stream")
    yahoo_live_idle_s: float = Field(
        300, gt=0, description="seconds without a message after which Yahoo's stream is connected anew"
    )
    yahoo_timeout_s: float = Field(15, gt=0, description="seconds that one request to Yahoo may take")
    yahoo_gap_s: float = Field(1, ge=0, description="seconds between two requests to Yahoo")
    yahoo_url: str = Field(
        "", description="address asked instead of all of Yahoo's hosts, such as a cache; empty: Yahoo itself"
    )

    graph_url: str = Field("", description="address asked instead of Meta's Graph API; empty: Meta itself")
    graph_version: str = Field(
        "v23.0", pattern=r"^v\d+\.\d+$", description="version of Meta's Graph API that is asked"
    )
    facebook_token: SecretStr | None = Field(
        None, description="access token of an app with Page Public Content Access"
    )
    facebook_pages: str = Field("", description="ids or names of pages that are read, comma-separated")
    facebook_interval_s: float = Field(600, ge=1, description="seconds between looks at a page of Facebook")
    instagram_token: SecretStr | None = Field(
        None, description="access token of an app with Instagram Public Content Access"
    )
    instagram_user: str = Field(
        "",
        description="id of the Instagram business or creator account on whose behalf hashtags are asked for",
    )
    instagram_interval_s: float = Field(1_800, ge=1, description="seconds between looks at the hashtags")

    reddit_client_id: str = Field("", description="id of an app of reddit.com/prefs/apps")
    reddit_client_secret: SecretStr | None = Field(None, description="secret of that app")
    reddit_subreddits: str = Field(
        "indonesia,finansial,jakarta,stocks,investing,StockMarket,wallstreetbets,economy,CryptoCurrency",
        description="subreddits whose submissions and comments are read, comma-separated",
    )
    reddit_interval_s: float = Field(120, ge=1, description="seconds between looks at a subreddit")
    reddit_searches: int = Field(
        20, ge=0, description="keywords that all of Reddit is searched for in one run, in turns; 0: no search"
    )
    reddit_search_interval_s: float = Field(600, ge=1, description="seconds between searches of Reddit")
    reddit_url: str = Field(
        "", description="address asked instead of Reddit's, such as a proxy; empty: Reddit itself"
    )

    x_bearer_token: SecretStr | None = Field(None, description="token of an app of X's developer portal")
    x_budget: int = Field(
        10_000, ge=0, description="posts of X that may be read in a month (UTC); each is paid for"
    )
    x_interval_s: float = Field(300, ge=1, description="seconds between searches of X")
    x_first_hours: float = Field(
        24, gt=0, le=168, description="hours that the first search of X for a keyword looks back"
    )
    x_pages: int = Field(5, ge=1, description="pages of 100 posts read for one keyword in a run of x")
    x_engagements: int = Field(
        0, ge=0, le=10_000, description="latest posts of X whose counts are read again, each a read; 0: none"
    )
    x_query_characters: int = Field(
        512, ge=32, le=4_096, description="longest query that the access level of X takes"
    )
    x_stream_budget: int = Field(
        0,
        ge=0,
        description="posts that X's filtered stream may bring in a month, beside x_budget; 0: no stream",
    )
    x_rules: int = Field(25, ge=1, le=1_000, description="rules that the access level of X's stream takes")
    x_rules_s: float = Field(
        60,
        ge=0.1,
        description="seconds that a run follows X's stream; before each its rules are compared with the keywords",
    )
    x_url: str = Field("", description="address asked instead of X's, such as a proxy; empty: X itself")

    youtube_key: SecretStr | None = Field(
        None, description="key of a Google Cloud project with the YouTube Data API v3"
    )
    youtube_channels: str = Field(
        "", description="ids of channels whose uploads and comments are read, comma-separated"
    )
    youtube_interval_s: float = Field(600, ge=1, description="seconds between looks at a channel of YouTube")
    youtube_quota: int = Field(
        10_000, ge=0, description="units of YouTube's API used in a day (Pacific time); a search costs 100"
    )
    youtube_searches: int = Field(
        1, ge=0, description="keywords that YouTube is searched for in one run, in turns; 0: no search"
    )
    youtube_search_interval_s: float = Field(1_800, ge=1, description="seconds between searches of YouTube")
    youtube_engagements: int = Field(
        500, ge=0, le=10_000, description="latest videos whose counts are read again, 50 for a unit; 0: none"
    )
    youtube_first_hours: float = Field(
        24,
        gt=0,
        description="hours that a search of YouTube looks back; a keyword should be searched for as often",
    )
    youtube_url: str = Field(
        "", description="address asked instead of YouTube's, such as a proxy; empty: YouTube itself"
    )

    source_zones: dict[str, str] = Field(
        {"cnbci": "Asia/Jakarta"},
        description="time zones of replayed sources whose times name none, JSON; others are UTC",
    )

    sites_list: Path | None = Field(
        None,
        description="TOML list of outlets (list page, selectors, zone) instead of the one in the package",
    )
    sites_browser: Path | None = Field(
        None, description="Chromium that reads the pages of outlets whose `browser` is true; empty: none, off"
    )
    sites_browser_mb: int = Field(
        1_500, ge=100, description="megabytes that Chromium may take for one page, all its processes together"
    )
    sites_interval_s: float = Field(300, ge=1, description="seconds between looks at the list of an outlet")
    sites_parallel: int = Field(
        6, ge=1, le=64, description="outlets read at once; one page at a time of each"
    )
    sites_pages: int = Field(5, ge=1, le=50, description="pages of a list that one run goes back at most")
    sites_articles: int = Field(
        60,
        ge=1,
        description="articles that one run reads of an outlet at most; the others are read by the next",
    )

    kaskus_forums: Path | None = Field(
        None, description="TOML list of forums of Kaskus instead of the one in the package"
    )
    kaskus_interval_s: float = Field(
        1_800, ge=1, description="seconds between looks at the list of a forum of Kaskus"
    )

    simulate_seed: int = Field(1, description="seed: the same seed and minute give the same posts")
    simulate_rate: float = Field(20, gt=0, le=50_000, description="mean posts per second")
    simulate_rhythm: bool = Field(True, description="follow the hours of the day in Indonesia")
    simulate_burst_every_s: int = Field(
        600, ge=120, description="one planted burst in every so many seconds; whole minutes"
    )
    simulate_run_s: float = Field(30, gt=0, description="seconds between run events")
    simulate_limit: int = Field(0, ge=0, description="end after so many posts; 0: never")
    simulate_duration_s: float = Field(0, ge=0, description="end after so many simulated seconds; 0: never")
    simulate_start: datetime | None = Field(
        None, description="simulated time begins here (ISO 8601 with zone) instead of now"
    )
    simulate_speed: float | Literal["max"] = Field(
        1, description="simulated seconds per second, or max: as fast as possible (needs simulate_start)"
    )

    webhook_senders: Path | None = Field(
        None, description="TOML list of who may send to the webhook (name, token, key, zone)"
    )
    webhook_host: str = Field("127.0.0.1", description="address on which the webhook listens")
    webhook_port: int = Field(8090, ge=0, le=65535, description="port on which the webhook listens; 0: any")
    webhook_max_bytes: int = Field(
        2_000_000, ge=1_000, description="largest body of a request to the webhook"
    )
    webhook_wait_s: float = Field(
        15, gt=0, description="seconds that a request waits for Kafka before it is answered 503"
    )
    webhook_waiting: int = Field(
        100, ge=1, description="requests that wait at once; beyond that they are answered 503"
    )
    webhook_run_s: float = Field(30, gt=0, description="seconds between run events of the webhook")
