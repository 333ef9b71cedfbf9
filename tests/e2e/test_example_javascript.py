"""The JavaScript example, with the browser's own EventSource, through a restart of the api."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from api.catalogue import LIVE
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.browser import CHROMIUM, tab
from tests.support.mentions import Publisher, mention
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the example is tested in it"),
]
EXAMPLE = Path(__file__).parents[2] / "deploy" / "docs" / "examples" / "stream.js"
PAGE = """<!doctype html><title>Example</title><script type="module">
import { follow } from "/example.js";
window.seen = [];
window.missed = [];
follow("topics=mentions", (topic, data) => window.seen.push(data.id), (data) => window.missed.push(data));
</script>"""


def test_it_sees_every_mention_once_through_a_restart(
    browser: Browser, kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix, LIVE)
    publisher = Publisher(kafka.bootstrap, prefix)
    api = Api(
        kafka.bootstrap, prefix, tmp_path / "api.log", stream_heartbeat_s=0.5, stream_retry_ms=100
    ).start()
    try:
        with tab(browser, "about:blank") as opened:
            page = opened.page
            # The page and the script are the reader's own; all else is the api's.
            page.route("**/example", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
            script = EXAMPLE.read_text()
            page.route(
                "**/example.js", lambda route: route.fulfill(body=script, content_type="text/javascript")
            )
            page.goto(f"{api.url}/example")
            until(lambda: "denyut_stream_connections 1.0" in api.get("/metrics").text, "it listens")

            def sees(count: int) -> None:
                until(lambda: page.evaluate("window.seen.length") >= count, f"{count} mentions")

            publisher.publish(*[mention(number) for number in range(10)])
            sees(10)
            api.kill()
            publisher.publish(*[mention(number) for number in range(10, 20)])
            api.start()
            publisher.publish(*[mention(number) for number in range(20, 30)])
            sees(30)
            seen = page.evaluate("window.seen")
            assert sorted(seen) == sorted(f"x:{number}" for number in range(30))
            assert page.evaluate("window.missed") == []
    finally:
        api.stop()
