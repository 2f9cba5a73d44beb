"""ORFEES through a real Elasticsearch and DaCHS: its rows, its links and its files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scripts.servers.processes import Server

from epnkit.dachs.private import PrivateDachs
from tests.support.services import Acceptance, Served, bring_up_service

pytest_plugins = ["tests.support.servers"]

# What all servers of the kind do alike is tested with the source.
pytestmark = pytest.mark.parametrize("search_server", ["es8"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def served(dachs: PrivateDachs, serving: str, search_server: Server) -> Iterator[Served]:
    with bring_up_service(dachs, serving, "orfees", search=search_server.url) as up:
        yield up


class TestAcceptance(Acceptance):
    """As of every service."""


def test_every_file_is_a_granule_or_refused(served: Served) -> None:
    # 340 days of three files, and five odd documents of which two are refused.
    assert served.count_granules() == 1023
    assert served.count_refused() == ["orf20241110_140000.fts", "orfees 2024.fts"]


@pytest.mark.parametrize("uid", ["orf20220402_081500", "int_orf20241110_120000_0.1"])
def test_links_lead_to_files(served: Served, uid: str) -> None:
    assert served.open_links(uid) == ["#this", "#preview"]


def test_a_day_without_its_file_has_documentation_alone(served: Served) -> None:
    found = served.links("orf20241111_120000")
    assert [link["semantics"] for link in found] == ["#documentation"]


def test_the_files_of_a_day_are_counterparts(served: Served) -> None:
    assert served.counterparts("orf20220402_081500") == [
        "int_orf20220402_081500_0.1",
        "int_orf20220402_081500_1",
    ]
