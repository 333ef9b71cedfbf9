"""Every private or version-dependent part of Faust, mode and aiokafka that this package leans on, as data.

`source` is the start of the SHA-256 of that part's source as it was read in `VERSIONS`. A test compares them: when one
differs, read what changed there, decide whether the reason still holds, and only then take the new value over.
"""

import hashlib
import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Any

VERSIONS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

_CONSUMER = "faust.transport.consumer"
_DRIVER = "faust.transport.drivers.aiokafka"
_RECOVERY = "faust.tables.recovery"
_MANAGER = "faust.tables.manager"
_APP = "faust.app.base"
_GROUP = "aiokafka.consumer.group_coordinator"
_FETCHER = "aiokafka.consumer.fetcher"
_READER = "aiokafka.consumer.consumer"
_PRODUCER = "aiokafka.producer.producer"
_SENDER = "aiokafka.producer.sender"


@dataclass(frozen=True, slots=True)
class Hook:
    """One such part: where it is, what of it is used, and why that is safe."""

    module: str
    name: str
    reason: str
    source: str

    def found(self) -> str:
        """The start of the hash of its source as installed; raises AttributeError if it is gone."""
        thing: Any = import_module(self.module)
        for part in self.name.split("."):
            thing = inspect.getattr_static(thing, part)
        if isinstance(thing, property):
            thing = thing.fget
        if isinstance(thing, staticmethod | classmethod):
            thing = thing.__func__
        thing = getattr(thing, "fun", thing)  # mode's ServiceTask
        text = inspect.getsource(inspect.unwrap(thing))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


HOOKS = (
    Hook(_CONSUMER, "Fetcher._fetcher", "calls _drain_messages, which feeds the lanes here; a cancellation during a rebalance would crash the app", "68f894f0b577"),
    Hook(_CONSUMER, "Consumer._drain_messages", "overridden: lanes are fed by fetches, no event goes through Faust's callback, so nothing is ever acknowledged", "44a2500309e8"),
    Hook(_CONSUMER, "Consumer.perform_seek", "overridden: the reader moves to the lanes' cursors; called by _resume_streams before the flow resumes", "0e8c130ff4b0"),
    Hook(_CONSUMER, "Consumer.on_partitions_assigned", "extended: opens the lanes", "29ce96596f05"),
    Hook(_CONSUMER, "Consumer.on_partitions_revoked", "extended: settles and closes the lanes before the group is rejoined", "d04b7ae72c6f"),
    Hook(_CONSUMER, "Consumer.stop_flow", "flow_active and can_resume_flow tell the feeding loop when to pause", "cf7e875a2b0d"),
    Hook(_CONSUMER, "Consumer.resume_flow", "see stop_flow", "db59630f25b5"),
    Hook(_CONSUMER, "Consumer.wait_empty", "overridden: settles the lanes; the stock one waits for acknowledgements and commits", "e4662fe24f09"),
    Hook(_CONSUMER, "Consumer.on_stop", "overridden: the stock one commits", "45b1d2210ce2"),
    Hook(_CONSUMER, "Consumer.force_commit", "stays without effect: _acked is empty as no event is delivered", "cc094614d22c"),
    Hook(_CONSUMER, "Consumer.verify_all_partitions_active", "overridden: the watchdog looks at commit progress instead", "4e0e46f5c297"),
    Hook(_CONSUMER, "ThreadDelegateConsumer.__init__", "creates the thread by _new_consumer_thread, before lanes are made", "7072ae80eac1"),
    Hook(_CONSUMER, "ThreadDelegateConsumer.threadsafe_partitions_revoked", "the group waits for the lanes to be settled", "6c55d67e9eb0"),
    Hook(_CONSUMER, "ThreadDelegateConsumer.threadsafe_partitions_assigned", "runs in the main loop", "50fac26841ad"),
    Hook(_DRIVER, "Consumer._new_consumer_thread", "overridden: the lanes' thread", "0870ec53dea7"),
    Hook(_DRIVER, "Consumer.on_stop", "overridden: what it clears (_topic_waiters) is cleared here, too", "173f86b366f3"),
    Hook(_DRIVER, "ConsumerRebalanceListener", "sets consumer_generation_id and calls on_rebalance_start before the callbacks", "f3d04f29dfb3"),
    Hook(_DRIVER, "AIOKafkaConsumerThread._create_worker_consumer", "overridden: isolation level, fetch wait and offset reset cannot be set otherwise", "c2701bfc3e6f"),
    Hook(_DRIVER, "AIOKafkaConsumerThread._ensure_consumer", "gives the reader", "ff4a4c693b7e"),
    Hook(_DRIVER, "AIOKafkaConsumerThread.on_start", "creates the reader in the thread's loop", "38b4e8bd1e10"),
    Hook(_DRIVER, "AIOKafkaConsumerThread.on_thread_stop", "stops the reader, which leaves the group", "8dfc004e258b"),
    Hook(_DRIVER, "AIOKafkaConsumerThread.close", "overridden to do nothing: it closes the reader from the wrong loop", "d22efc59a1df"),
    Hook(_RECOVERY, "Recovery._restart_recovery", "without tables it goes straight to _resume_streams", "6bd8a8558a2d"),
    Hook(_RECOVERY, "Recovery._resume_streams", "extended: waits until the lanes are open and restored", "d986a6710c1a"),
    Hook(_RECOVERY, "Recovery._wait", "ends with RebalanceAgain when another assignment comes", "ec7429b70176"),
    Hook(_RECOVERY, "Recovery.on_rebalance", "signals every assignment of the current generation", "aa4d997a1795"),
    Hook(_MANAGER, "TableManager.recovery", "overridden: the extended recovery, kept in _recovery", "f0bf5de78b4c"),
    Hook(_MANAGER, "TableManager.on_start", "overridden: without its sleep of a second", "365dd25fbc0e"),
    Hook(_MANAGER, "TableManager._update_channels", "lets the conductor subscribe", "88e3941facc9"),
    Hook(_APP, "App._new_transport", "overridden: the transport with the lanes' consumer", "42db531312dd"),
    Hook(_APP, "App.__init__", "keeps the id in _default_options; the settings are not to be read before the start", "698e2bf236c6"),
    Hook(_APP, "App.on_start", "extended: topics are checked and subscribed first", "480d70c6c72d"),
    Hook(_APP, "App.on_first_start", "overridden: creates folders only", "ec655d9c2234"),
    Hook(_APP, "App.on_stop", "extended: lanes settle first; _consumer is None before the start", "bfe5a933defb"),
    Hook(_APP, "App._stop_consumer", "stops the flow and the fetcher, then calls wait_empty", "55854a5de12c"),
    Hook(_APP, "App._on_partitions_revoked", "stops the flow, waits for wait_empty", "d5c895bbe57d"),
    Hook(_APP, "App._on_partitions_assigned", "ends in tables.on_rebalance, which signals the recovery", "de932b7927db"),
    Hook(_APP, "BootStrategy.server", "starts the services in this order, without a producer and web here", "97e47ea1dec3"),
    Hook("faust.worker", "Worker.__init__", "spinner writes to the terminal unless it is None", "25a4d782432f"),
    Hook("mode.worker", "Worker.default_on_first_start", "calls install_signal_handlers, which is overridden", "09c96afd65d5"),
    Hook("mode.worker", "Worker.on_started", "start() ends when the worker is stopped or crashed", "980abe7a0cbc"),
    Hook("mode.threads", "ServiceThread.__init__", "thread_loop is the loop of the reader", "82979878990c"),
    Hook("mode.services", "Service.wait_first", "takes an asyncio.Event, cancels what has not finished", "feade6a31f8a"),
    Hook(_GROUP, "GroupCoordinator._do_heartbeat", "True means that the group still knows this member, rebalancing or not", "dc1d6632aaa6"),
    Hook(_GROUP, "GroupCoordinator.reset_generation", "a generation below zero means expelled", "537aa37c531b"),
    Hook(_GROUP, "GroupCoordinator.check_errors", "raises what has ended the routine of the group; a reader meets it in getmany, one without partitions never would", "ba6ca51ad348"),
    Hook(_GROUP, "GroupCoordinator.fetch_committed_offsets", "reached by the reader's _coordinator; the only way to the metadata of a committed offset", "6c049c737916"),
    Hook(_GROUP, "GroupCoordinator._on_join_prepare", "awaits the revocation before the group is rejoined", "4d9524afc0ee"),
    Hook(_GROUP, "GroupCoordinator._on_join_complete", "runs without heartbeats until the assignment callback returns", "0b0b3d204b40"),
    Hook(_READER, "AIOKafkaConsumer.getmany", "an empty set of partitions means all", "bc6d248e42a4"),
    Hook(_READER, "AIOKafkaConsumer.position", "does not wait where the position is valid", "2512259a90a2"),
    Hook(_FETCHER, "Fetcher.fetched_records", "hands out records and moves the position in one step", "be4348896b9b"),
    Hook(_FETCHER, "FetchResult.getall", "moves the position past markers and aborted records, too", "3e717e30de50"),
    Hook(_FETCHER, "FetchResult.check_assignment", "never hands out records from elsewhere than the position", "b5340df67e3f"),
    Hook(_FETCHER, "PartitionRecords._unpack_records", "drops aborted records, and moves past control batches", "b803e6d46480"),
    Hook(_PRODUCER, "AIOKafkaProducer.send_batch", "the future carries the produce error, which commit_transaction does not look at", "bf42b0f0c5c0"),
    Hook(_PRODUCER, "AIOKafkaProducer.commit_transaction", "after it was called, an abort is not possible", "c7f9677c8941"),
    Hook(_PRODUCER, "AIOKafkaProducer.stop", "waits for the sender; where that hangs, _sender.sender_task is cancelled and the client closed", "43ef97147111"),
    Hook(_SENDER, "Sender.sender_task", "see AIOKafkaProducer.stop", "2aa81bcdcedb"),
    Hook(_SENDER, "AddPartitionsToTxnHandler.handle_response", "waits BACKOFF_OVERRIDE (20 ms, set to 2) while markers of the last transaction are written", "67266db24da2"),
    Hook(_SENDER, "InitPIDHandler.handle_response", "start() ends only when the former owner's transaction is finished", "bdb0727aba5d"),
    Hook("aiokafka.producer.transaction_manager", "TransactionManager", "a producer's _txn_manager: states, what an error does to them, and _transaction_waiter, which keeps the error", "d0932794d69a"),
    Hook("aiokafka.producer.message_accumulator", "BatchBuilder.append", "timestamp in milliseconds (its docstring says seconds); None when full", "657d76f55157"),
    Hook("aiokafka.partitioner", "murmur2", "the same partitions as every other producer", "62179ca18494"),
)  # fmt: skip
