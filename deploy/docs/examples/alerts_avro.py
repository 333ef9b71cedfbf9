"""Reads alerts with a schema registry: python alerts_avro.py [KAFKA] [REGISTRY]. Goes on after its last commit when started again.

Needs confluent-kafka, fastavro and httpx. A record is a zero byte, the id of its schema in four bytes, and the alert in Avro. A schema
is asked for once, by its id, so that alerts of later schemas are read too.
"""

import io
import json
import os
import sys
from functools import cache
from typing import Any

import fastavro
import httpx
from confluent_kafka import Consumer

kafka = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092"
registry = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8081"
topic = os.environ.get("DENYUT_TOPIC_PREFIX", "denyut.") + "alerts"


@cache
def schema_of(number: int) -> Any:
    """The schema of that id."""
    answer = httpx.get(f"{registry}/schemas/ids/{number}", timeout=10)
    answer.raise_for_status()
    return fastavro.parse_schema(json.loads(answer.json()["schema"]))


consumer = Consumer(
    {
        "bootstrap.servers": kafka,
        "group.id": "example-alerts-avro",
        "auto.offset.reset": "earliest",
        # Alerts are written in transactions: of one that was given up nothing is seen.
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([topic])
while True:
    message = consumer.poll(1)
    if message is None:
        continue
    if message.error():
        print(message.error(), file=sys.stderr, flush=True)
        continue
    value = message.value()
    if value[0] != 0:
        sys.exit(f"no Confluent header at {topic} {message.partition()}:{message.offset()}")
    body = io.BytesIO(value[5:])
    alert: Any = fastavro.schemaless_reader(body, schema_of(int.from_bytes(value[1:5], "big")), None)
    print(alert["id"], alert["severity"], alert["explanation"], sep="\t", flush=True)
    # After the alert was dealt with: a crash in between shows it again, its id tells that it is the same.
    consumer.commit(message)
