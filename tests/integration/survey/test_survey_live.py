"""A survey of real services: several, one that is broken, and one that never answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from epnkit.cli.survey import command
from epnkit.client.targets import EpnTable, ask_registry
from epnkit.dachs.private import PrivateDachs
from epnkit.errors import CheckError
from tests.conftest import bring_up, throw_away_dachs
from tests.support.answers import answer_always, answer_never

#: What a registry answers: two tables of one service.
REGISTRY = """<VOTABLE version="1.3"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>
<TABLE><FIELD name="access_url" datatype="char" arraysize="*"/>
<FIELD name="table_name" datatype="char" arraysize="*"/><DATA><TABLEDATA>
<TR><TD>http://a.example/tap</TD><TD>b.epn_core</TD></TR>
<TR><TD>http://a.example/tap</TD><TD>a.epn_core</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


@pytest.fixture
def second() -> Iterator[PrivateDachs]:
    """Give a DaCHS besides the session's, with a service of its own."""
    with throw_away_dachs() as dachs:
        dachs.run("pub", bring_up(dachs, "bass2000"))
        yield dachs


@pytest.mark.all
def test_services_side_by_side(hfc1ar: str, second: PrivateDachs, tmp_path: Path) -> None:
    page = tmp_path / "survey.html"
    with (
        second.run_server() as other,
        answer_always("<html>Be back soon</html>") as broken,
        answer_never() as silent,
    ):
        lines = [f"{hfc1ar} hfc1ar.epn_core", f"{other}/tap", f"{broken} x.epn_core", silent]
        (tmp_path / "list").write_text("\n".join(lines))
        words = ["--list", str(tmp_path / "list"), "-o", str(page), "--pause", "0"]
        done = CliRunner().invoke(command, [*words, "--deadline", "60"])
    assert done.exit_code == 0, done.output
    survey = json.loads(page.with_suffix(".json").read_text())
    states = [service["state"] for service in survey["services"]]
    assert states == ["judged", "judged", "broken", "silent"]
    assert [service["levels"]["MUST"] for service in survey["services"][:2]] == [0, 0]
    assert survey["clean"] == 2
    text = page.read_text()
    assert "hfc1ar.epn_core" in text
    assert "src=" not in text
    assert "href=" not in text


def test_a_registry_is_asked_for_the_tables_of_epn_tap() -> None:
    with answer_always(REGISTRY) as url:
        assert ask_registry(url) == [
            EpnTable("http://a.example/tap", "a.epn_core"),
            EpnTable("http://a.example/tap", "b.epn_core"),
        ]


def test_a_registry_that_is_broken_is_named() -> None:
    with answer_always("nothing") as url, pytest.raises(CheckError) as caught:
        ask_registry(url)
    assert caught.value.where == url
