"""Batched, transactional lanes inside Faust: exactly once per batch of one partition, under kill -9 too."""

from processors.batching.app import BatchApp
from processors.batching.batch import Batch, Oversized
from processors.batching.handler import Handler
from processors.batching.table import BatchTable
from processors.batching.telemetry import watch
from processors.batching.tuning import Tuning
from processors.batching.worker import run_worker
from processors.record import Record

__all__ = [
    "Batch",
    "BatchApp",
    "BatchTable",
    "Handler",
    "Oversized",
    "Record",
    "Tuning",
    "run_worker",
    "watch",
]
