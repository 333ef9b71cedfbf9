import pytest
from pydantic import ValidationError

from processors.__main__ import main
from processors.app import STAGES
from processors.settings import EnrichSettings, TrendsSettings
from schemas.flow import FLOW


def test_every_stage_of_the_flow_can_be_started_and_no_other() -> None:
    assert set(STAGES) == {step.name for step in FLOW if step.kind == "stage"}


def test_wrong_settings_are_named_and_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DENYUT_DAY_ZONE", "Asia/Nowhere")
    with pytest.raises(SystemExit, match=r"setting DENYUT_DAY_ZONE.*Asia/Nowhere"):
        main(["trends"])


def test_an_unknown_stage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nonsense"])
    assert ended.value.code == 2
    assert "enrich" in capsys.readouterr().err


@pytest.mark.parametrize("settings", [EnrichSettings, TrendsSettings])
def test_every_setting_says_what_it_is(settings: type[EnrichSettings | TrendsSettings]) -> None:
    for name, field in settings.model_fields.items():
        assert field.description, name


def test_what_is_dropped_was_closed_before() -> None:
    with pytest.raises(ValidationError, match="evict_idle_s"):
        TrendsSettings(idle_close_s=100, evict_idle_s=50)
