"""`fetch`: get Apache Kafka's jars, so that everything after it works offline."""

import sys

from deploy.commands.base import Asked, Command
from deploy.install import fetch
from deploy.jars import check_java


def _act(asked: Asked) -> int:
    check_java()
    fetch(asked.settings.kafka_lib)
    sys.stdout.write(f"Apache Kafka is in {asked.settings.kafka_lib}\n")
    return 0


COMMAND = Command("fetch Apache Kafka with Maven, once", _act)
