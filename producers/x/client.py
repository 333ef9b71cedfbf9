"""X's API v2 as tweepy calls it, with every failure as a decision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

import requests
import tweepy

from producers.base import Lasting
from producers.fields import writable
from producers.settings import ProducerSettings
from producers.x.fields import TWEET, USER
from producers.x.limits import full_s
from producers.x.rules import changes
from producers.x.session import HOST, NotConnected, Sender
from producers.x.stream import Stream
from schemas.errors import Backpressure, Fatal, Retryable

TOKEN = "DENYUT_X_BEARER_TOKEN"  # noqa: S105 -- the name of the setting
LEAST, MOST = 10, 100
"""Posts that one request of recent search may ask for."""

_PAYMENT = 402


@dataclass(frozen=True, slots=True)
class Page:
    """Posts as X sends them, newest first, their authors by id, and whether older ones follow."""

    tweets: list[Any]
    users: Mapping[str, Mapping[str, Any]]
    more: bool


class Refused(Lasting):
    """X refuses this query and would take another one."""


class XClient:
    """Recent search and look-up of posts; used by one thread at a time."""

    def __init__(self, settings: ProducerSettings) -> None:
        token = settings.x_bearer_token.get_secret_value() if settings.x_bearer_token else ""
        if not token:
            raise Fatal(f"{TOKEN} is not set: the token of an app of X's developer portal")
        self._token, self._base = token, settings.x_url
        self._client = tweepy.Client(token, return_type=dict, wait_on_rate_limit=False)
        self._rules = tweepy.StreamingClient(token, return_type=dict, wait_on_rate_limit=False)
        self._sender = Sender(settings, settings.x_url)
        for client in (self._client, self._rules):
            client.session.mount(HOST, self._sender)
            client.session.max_redirects = 0
        self.paid = False
        """Whether the last request was, or may have been, paid for: not where it was refused or did not arrive."""

    def search(self, query: str, since_id: int, until_id: int | None, size: int, stop: Event) -> Page:
        """The newest `size` posts that `query` finds between the two ids, neither included.

        Raises Backpressure, Refused, Lasting or Retryable.
        """
        self._sender.stop = stop
        answer = self._ask(
            self._client.search_recent_tweets,
            query,
            since_id=since_id,
            until_id=until_id,
            max_results=size,
            expansions=["author_id"],
            tweet_fields=TWEET,
            user_fields=USER,
        )
        meta = answer.get("meta")
        if not isinstance(meta, Mapping):
            raise Retryable("an answer that cannot be read: it has no meta")
        users = answer.get("includes", {}).get("users", [])
        return Page(
            list(answer.get("data") or []),
            {str(user.get("id")): user for user in users},
            "next_token" in meta,
        )

    def look_up(self, ids: Sequence[str], stop: Event) -> list[Any]:
        """The posts of up to 100 ids with their counts; those that are gone are left out. Raises as `search`."""
        self._sender.stop = stop
        return list(
            self._ask(self._client.get_tweets, ids, tweet_fields=["public_metrics"]).get("data") or []
        )

    def hold_rules(self, wanted: Mapping[str, str], stop: Event) -> None:
        """Let the filtered stream have the queries `wanted`, by keyword, beside the rules of others. Raises as `search`."""
        self._sender.stop = stop
        added, gone = changes(self._ask(self._rules.get_rules).get("data"), wanted)
        if gone:
            self._ask(self._rules.delete_rules, gone)
        if added:
            answer = self._ask(self._rules.add_rules, added)
            if answer.get("errors"):
                raise Refused(f"X does not take a rule: {str(answer['errors'])[:300]}")

    def stream(self, refused: Callable[[int, Mapping[str, str]], Retryable]) -> Stream:
        """A connection to the filtered stream, not yet made."""
        return Stream(self._token, self._base, refused)

    def _ask(self, call: Any, *arguments: Any, **options: Any) -> Any:
        self.paid = True
        try:
            answer = writable(call(*arguments, **options))
            if not isinstance(answer, dict) or not isinstance(answer.get("includes", {}), dict):
                raise Retryable("an answer that cannot be read: not what the API documents")
        except NotConnected:
            self.paid = False
            raise
        except tweepy.HTTPException as error:
            self.paid = False
            raise _decided(error) from error
        except requests.JSONDecodeError as error:
            raise Retryable(f"an answer that cannot be read: {error}") from error
        except requests.RequestException as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # Raised by tweepy on the body or the headers of a refusal that it cannot read.
            raise Retryable(f"an answer that cannot be read: {type(error).__name__}: {error}") from error
        else:
            return answer


def _decided(error: tweepy.HTTPException) -> Retryable:
    told = f"HTTP {' '.join(str(error).split())}"[:300]
    match error:
        case tweepy.Unauthorized() | tweepy.Forbidden():
            return Lasting(f"{told}: X does not accept {TOKEN} for this", denied=True)
        case tweepy.TooManyRequests():
            return Backpressure(told, retry_after=full_s(error.response.headers, datetime.now(UTC)))
        case tweepy.BadRequest():
            return Refused(told)
        case tweepy.TwitterServerError():
            return Retryable(told)
        case _ if error.response.status_code == _PAYMENT:
            return Lasting(f"{told}: the account of {TOKEN} has no credits left", denied=True)
        case _:
            return Lasting(told)
