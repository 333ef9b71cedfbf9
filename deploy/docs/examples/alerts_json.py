"""Reads everyone's alerts as CloudEvents, without Avro or a registry: python alerts_json.py [KAFKA]. Needs confluent-kafka.

Goes on after its last commit when started again. Alerts of a rule with an owner are not in this topic.
"""

import json
import os
import sys

from confluent_kafka import Consumer

kafka = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092"
topic = os.environ.get("DENYUT_TOPIC_PREFIX", "denyut.") + "alerts.json"

consumer = Consumer(
    {
        "bootstrap.servers": kafka,
        "group.id": "example-alerts-json",
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
    if dict(message.headers() or ()).get("content-type") != b"application/cloudevents+json":
        sys.exit(f"no CloudEvent at {topic} {message.partition()}:{message.offset()}")
    event = json.loads(message.value())
    print(event["id"], event["data"]["severity"], event["data"]["explanation"], sep="\t", flush=True)
    # After the alert was dealt with: a crash in between shows it again, its id tells that it is the same.
    consumer.commit(message)
