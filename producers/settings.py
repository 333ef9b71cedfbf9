"""Settings of the collectors."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.settings import KafkaSettings


class ProducerSettings(KafkaSettings):
    """What the runner, replay and simulate can be told."""

    collectors: str = Field("", description="collectors that `run` starts without names, comma-separated")
    kafka_patience_s: float = Field(60, gt=0, description="seconds to wait for Kafka at the start")
    delivery_timeout_s: float = Field(
        120, ge=1, description="seconds after which a record that is not acknowledged has failed"
    )
    stop_grace_s: float = Field(6, gt=0, description="seconds to wait for acknowledgements when told to stop")
    checkpoint_items: int = Field(2_000, ge=1, description="items after which a cursor is stored")
    checkpoint_s: float = Field(1, ge=0, description="seconds after which a cursor is stored")
    progress_s: float = Field(5, gt=0, description="seconds between progress lines of a run")

    source_zones: dict[str, str] = Field(
        {"cnbci": "Asia/Jakarta"},
        description="time zones of replayed sources whose times name none, JSON; others are UTC",
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
