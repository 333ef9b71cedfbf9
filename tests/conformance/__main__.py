"""`python -m tests.conformance URL`: whether a deployment keeps what a client of its stream may rely on.

Alone it asks what can be asked from outside. With --kafka it writes to the deployment's topic of mentions, cuts it and gives it partitions:
never where somebody counts on it. With --own it starts a broker and an api of its own, and kills those too.
"""

import argparse
import json
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.catalogue import LIVE
from tests.conformance import clients, faults, openings, sequences, silences
from tests.conformance.deployment import Deployment, Kafka
from tests.conformance.suite import LONG, SHORT, Check, Outcome, Size, as_json, run, table
from tests.support.api import Api
from tests.support.broker import OwnBroker
from tests.support.mentions import Publisher
from tests.support.topics import create_topics

ALL: tuple[Check, ...] = (
    *openings.CHECKS,
    *sequences.CHECKS,
    *clients.CHECKS,
    *silences.CHECKS,
    *faults.CHECKS,
)
SECRET, ISSUER = "the conformance suite's own secret", "https://conformance.test"
OWN: dict[str, object] = {
    "stream_heartbeat_s": 0.5,
    "stream_retry_ms": 50,
    "stream_refresh_s": 0.5,
    "stream_buffer_bytes": 262_144,
    "stream_recent_events": 100,
    "stream_socket_bytes": 16_384,
    "stream_send_timeout_s": 3,
    "drain_s": 2,
    "token_secret": SECRET,
    "token_issuer": ISSUER,
    "token_leeway_s": 0,
}
"""Settings under which it takes seconds what may take minutes, and who comes back is served from memory and from Kafka."""


@contextmanager
def own(folder: Path) -> Iterator[Deployment]:
    """A broker and an api for this run alone."""
    broker = OwnBroker(folder / "kafka")
    broker.start()
    prefix = "conformance."
    try:
        create_topics(broker.bootstrap, prefix, LIVE)
        api = Api(broker.bootstrap, prefix, folder / "api.log", **OWN).start()
        try:
            kafka = Kafka(broker.bootstrap, prefix, Publisher(broker.bootstrap, prefix, "conformance"))
            yield Deployment(api.url, kafka=kafka, api=api, broker=broker, secret=(SECRET, ISSUER))
        finally:
            api.stop()
    finally:
        broker.stop()


@contextmanager
def theirs(options: argparse.Namespace) -> Iterator[Deployment]:
    """One that runs."""
    kafka = None
    if options.kafka:
        publisher = Publisher(options.kafka, options.prefix, f"conformance-{uuid.uuid4().hex}")
        kafka = Kafka(options.kafka, options.prefix, publisher)
    secret = (options.secret, options.issuer) if options.secret and options.issuer else None
    yield Deployment(options.url.rstrip("/"), token=options.token, kafka=kafka, secret=secret)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("url", nargs="?", help="address of the api")
    parser.add_argument(
        "--own", action="store_true", help="start a broker and an api of its own, instead of a URL"
    )
    parser.add_argument("--token", help="token or key of every request")
    parser.add_argument(
        "--kafka", help="bootstrap servers of the deployment; its topic of mentions is written to"
    )
    parser.add_argument("--prefix", default="denyut.", help="prefix of its topics")
    parser.add_argument("--secret", help="secret of its tokens, to try one that ends")
    parser.add_argument("--issuer", help="issuer of its tokens")
    parser.add_argument("--long", action="store_true", help=f"{LONG.events} events and {LONG.cuts} cuts")
    parser.add_argument("--only", help="checks whose name has this in it")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    if bool(options.url) == options.own:
        parser.error("a URL or --own")
    return options


def main() -> int:
    """0 where nothing is broken."""
    options = _options()
    chosen = [one for one in ALL if not options.only or options.only in one.name]
    size: Size = LONG if options.long else SHORT

    def say(outcome: Outcome) -> None:
        print(f"{outcome.state:8}{outcome.name} ({outcome.seconds} s)", file=sys.stderr, flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="denyut-conformance-") as folder,
        own(Path(folder)) if options.own else theirs(options) as deployment,
    ):
        outcomes = run(deployment, chosen, size, say)
    print(json.dumps({"checks": as_json(outcomes)}, indent=2) if options.json else table(outcomes))
    return int(any(one.state == "broken" for one in outcomes) or not outcomes)


if __name__ == "__main__":
    sys.exit(main())
