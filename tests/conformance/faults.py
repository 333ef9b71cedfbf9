"""What happens to the deployment: killed processes, expired records, new partitions."""

from collections.abc import Callable

from tests.conformance.deployment import Deployment, Subject, place
from tests.conformance.sequences import Counted, told, whole
from tests.conformance.suite import Check, Size, must

_KILLS = 2


def api_killed(deployment: Deployment, size: Size) -> str:
    """The api killed and started again: a client that follows sees everything once."""
    api = deployment.api
    assert api is not None

    def again() -> None:
        api.kill()
        api.start()

    return _through(deployment, size, again)


def broker_killed(deployment: Deployment, size: Size) -> str:
    """The broker killed and started again: the same."""
    broker = deployment.broker
    assert broker is not None

    def again() -> None:
        broker.kill()
        broker.start()

    return _through(deployment, size, again)


def _through(deployment: Deployment, size: Size, fault: Callable[[], None]) -> str:
    subject = Subject(deployment)
    counted, later = Counted(), Counted()
    live = deployment.client(subject.query, follow=True, on_event=counted, keep=place).connect().opened()
    begun = live.last_id
    share = size.events // (3 * (_KILLS + 1))
    for number in range(_KILLS):
        told(deployment, subject, share * (number + 1), lambda: counted.count)
        fault()
    told(deployment, subject, share * (_KILLS + 1), lambda: counted.count)
    # An id of before goes on in the one that came after.
    late = deployment.client(subject.query, follow=True, on_event=later, keep=place).connect(begun)
    whole(subject, live, counted)
    whole(subject, late, later)
    return f"{len(subject.said)} events, {_KILLS} kills"


def partition_added(deployment: Deployment, _: Size) -> str:
    """A partition added while clients listen: who is live, and who comes back with an id of before, get what is in it."""
    subject = Subject(deployment)
    counted, later = Counted(), Counted()
    live = deployment.client(subject.query, follow=True, on_event=counted, keep=place).connect().opened()
    begun = live.last_id
    deployment.say(subject, 20)
    added = deployment.add_partition()
    deployment.say(subject, 30, partition=added)
    live.until(lambda: counted.count >= len(subject.said), "what is in the new partition")
    late = deployment.client(subject.query, on_event=later, keep=place).connect(begun)
    whole(subject, late, later)
    whole(subject, live, counted)
    return f"partition {added}"


def retention(deployment: Deployment, _: Size) -> str:
    """What retention took is declared, offset by offset; all that is left comes, once."""
    subject = Subject(deployment)
    counted, later = Counted(), Counted()
    live = deployment.client(subject.query, on_event=counted, keep=place).connect().opened()
    begun = live.last_id
    deployment.say(subject, 40)
    live.until(lambda: counted.count >= 40, "what is said")
    live.stop()
    deployment.expire()
    gone = len(subject.said)
    deployment.say(subject, 40)
    late = deployment.client(subject.query, on_event=later, keep=place).connect(begun).opened()
    late.until(lambda: later.count >= 40, "what is left")
    beats = len(late.of("heartbeat"))
    late.expect("heartbeat", beats + 1)
    late.stop()
    must(sorted(late.of("mentions")) == sorted(subject.said[gone:]), "what is left is not what came")
    (told_of,) = late.of("reset")
    must(told_of["reasons"] == ["expired"], f"reset for {told_of['reasons']}")
    (gap,) = told_of["missing"]
    must(gap["topic"] == "mentions", f"of {gap['topic']}")
    declared = sum(one["to"] - one["from"] for one in gap["partitions"])
    # Every partition had events, and the markers of their transactions; other writers may have added more.
    must(declared >= gone + len(gap["partitions"]), f"{declared} offsets declared, {gone} events are gone")
    must(late.of("open")[0]["gap"] == told_of["missing"], "open does not tell of the gap")
    must(deployment.get(gap["snapshot"]).status_code in (200, 503), "the snapshot is not there")
    return f"{declared} offsets declared missing"


CHECKS = (
    Check("the api killed", api_killed, ("kafka", "api")),
    Check("the broker killed", broker_killed, ("kafka", "broker")),
    Check("retention has passed", retention, ("kafka",)),
    Check("a partition added", partition_added, ("kafka",)),
)
