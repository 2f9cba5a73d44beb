"""Notices: by webhook, by mail, by command, and what does not answer fails nothing."""

from __future__ import annotations

import email
import shlex
from pathlib import Path

import pytest
from tests.support.sinks import serve_hook, serve_mail

from epnkit.dachs.ports import free_port
from epnkit.deploy.notify import SMTP_VARIABLE, Notice, notify, require_target
from epnkit.deploy.schedule import Schedule, parse_interval
from epnkit.errors import ConfigurationError

NOTICE = Notice("tower", "failed", "the load failed: no answer.", "See epnkit status tower.")
LINE = "tower: the load failed: no answer. See epnkit status tower."


def test_a_webhook_gets_one_line_and_the_cure() -> None:
    with serve_hook() as (url, kept):
        assert notify([url], NOTICE) == []
    assert kept == [
        {"text": LINE, "service": "tower", "event": "failed", "cure": "See epnkit status tower."}
    ]


def test_a_mail_has_it_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_mail() as (port, kept):
        monkeypatch.setenv(SMTP_VARIABLE, f"smtp://127.0.0.1:{port}")
        assert notify(["mailto:ops@example.org"], NOTICE) == []
    (message,) = map(email.message_from_string, kept)
    assert message["To"] == "ops@example.org"
    assert message["Subject"] == "epnkit: tower failed"
    assert str(message.get_payload()).strip() == LINE


def test_no_password_goes_over_a_network_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_mail("127.0.0.2") as (port, kept):
        monkeypatch.setenv(SMTP_VARIABLE, f"smtp://ops:secret@127.0.0.2:{port}")
        (problem,) = notify(["mailto:ops@example.org"], NOTICE)
    assert problem.endswith("127.0.0.2 offers no TLS, without which it gets no password")
    assert kept == []


def test_a_command_gets_it_on_its_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "said"
    assert notify([f"command:cat > {path}; echo $EPNKIT_EVENT >> {path}"], NOTICE) == []
    assert path.read_text() == f"{LINE}\nfailed\n"


def test_a_credential_holds_a_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPNKIT_CREDENTIALS", str(tmp_path))
    with serve_hook() as (url, kept):
        (tmp_path / "hooks").write_text(url + "\n")
        (tmp_path / "hooks").chmod(0o600)
        assert notify([require_target("hooks")], NOTICE) == []
    assert len(kept) == 1


def test_what_does_not_answer_is_named_without_its_secret_and_the_others_are_notified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SMTP_VARIABLE, f"smtp://127.0.0.1:{free_port()}")
    path = tmp_path / "said"
    dead = f"http://127.0.0.1:{free_port()}/secret-token"
    with serve_hook(status=500) as (broken, _):
        problems = notify(
            [dead, broken, "mailto:ops@example.org", "command:exit 3", f"command:cat > {path}"],
            NOTICE,
        )
    assert problems[:2] == [
        "http://127.0.0.1 was not notified: it cannot be reached",
        "http://127.0.0.1 was not notified: it answered with status 500",
    ]
    assert "mailto:ops@example.org was not notified" in problems[2]
    assert problems[3] == "command:exit 3 was not notified: it ended with status 3"
    assert len(problems) == 4
    assert path.read_text() == LINE + "\n"


@pytest.mark.parametrize("target", ["mailto:nobody", "mailto:a@b\nBcc: c@d", "no such credential"])
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(ConfigurationError):
        require_target(target)


def test_a_timer_s_import_notifies() -> None:
    plan = Schedule(
        "tower",
        parse_interval("1h"),
        Path("/opt/epnkit"),
        "gavo",
        notify=("mailto:ops@example.org", "hooks"),
    )
    words = "/opt/epnkit load tower --notify mailto:ops@example.org --notify hooks"
    unit = plan.units()["epnkit-tower.service"].splitlines()
    (line,) = (each.removeprefix("ExecStart=") for each in unit if each.startswith("ExecStart="))
    assert shlex.split(line) == words.split()
    assert plan.cron().endswith(words)
