"""What is advised if the database of DaCHS gives no connection."""

from __future__ import annotations

from pathlib import Path

import psycopg2
import pytest

from epnkit.dachs.instance import DachsInstance, NoDatabaseError


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ("FATAL:  remaining connection slots are reserved for superusers", "max_connections"),
        ("connection refused", "Start it: systemctl start postgresql"),
    ],
)
def test_a_database_that_is_full_needs_no_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, why: str, advice: str
) -> None:
    def refuse(*words: object, **settings: object) -> None:
        raise psycopg2.OperationalError(why)

    (tmp_path / "gavo.rc").write_text(f"[general]\nrootDir: {tmp_path}\n")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "feed").write_text("database = gavo\n")
    monkeypatch.setenv("GAVOSETTINGS", str(tmp_path / "gavo.rc"))
    monkeypatch.setattr(psycopg2, "connect", refuse)
    instance = DachsInstance(tmp_path / "gavo.rc", None)
    with pytest.raises(NoDatabaseError) as caught, instance.connect():
        pass
    assert advice in str(caught.value)
    assert ("start" in caught.value.cure.lower()) == (advice.startswith("Start"))
