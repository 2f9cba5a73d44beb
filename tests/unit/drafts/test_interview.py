"""``epnkit new`` asks on a terminal, and only there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tests.support.terminals import Conversation

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.interview import Interview
from epnkit.drafts.propose.draft import Draft, propose

#: A list of which much is to be decided.
ROWS = "\n".join(
    [
        "name,when,wave,exposure,remark",
        *(f"img{n},2001-01-{n + 1:02}T00:00:00,0.6563,{n + 1}.5,fine{n % 3}" for n in range(12)),
    ]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(ROWS + "\n")
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {"GAVOSETTINGS": str(folder / "none")}


def start(folder: Path, *words: str) -> Conversation:
    return Conversation(
        "new",
        "tower",
        "--from",
        "list.csv",
        *words,
        directory=folder,
        environment=environment(folder),
    )


def read_entry(folder: Path, name: str) -> str:
    text = (folder / "resources" / "tower" / "service.py").read_text()
    found = re.search(rf'#.*\n\s+"{name}": (.*),\n', text)
    assert found is not None, text
    return found[1]


#: What is asked, in this order, and the answers; one that is refused is asked again.
ANSWERS = [
    ("granule_uid: ", ""),
    ("granule_gid: ", "=H-alpha"),
    ("obs_id: ", "no such field"),
    ("obs_id: ", ""),
    ("dataproduct_type: ", "=photo"),
    ("dataproduct_type: ", "=im"),
    ("processing_level: ", "=3"),
    ("time_min: ", "1"),
    ("time_max: ", "1"),
    ("spectral_range_min: ", "1"),
    ("unit of wave: ", "kg"),
    ("unit of wave: ", "Angstrom"),
    ("target_name: ", ""),
    ("target_class: ", "-"),
    ("instrument_host_name: ", "=Tower"),
    ("instrument_name: ", "remark"),
    ("measurement_type: ", "?magnetic field"),
    ("which: ", "1"),
    ("title of the service [tower]: ", "Pictures of a tower"),
    ("who made the data [Not known yet]: ", "Tower, T."),
]


def test_what_is_answered_stands_in_service_py(folder: Path) -> None:
    talk = start(folder)
    for question, answer in ANSWERS:
        talk.answer(f"\n{question}", answer)
    assert talk.end() == 0, talk.said
    for said in (
        "  1  name: img0, img1, img2",
        "'no such field'. Fields: name, when, wave",
        "'photo' is no value of dataproduct_type. Values: im, ma, sp",
        "'kg' is no unit of wavelength, frequency or energy",
        "phys.magField",
    ):
        assert said in talk.said, talk.said
    assert read_entry(folder, "granule_gid") == '"H-alpha"'
    assert read_entry(folder, "dataproduct_type") == '"im"'
    assert read_entry(folder, "processing_level") == "3"
    assert read_entry(folder, "instrument_host_name") == '"Tower"'
    assert read_entry(folder, "instrument_name") == 'pl.col("remark")'
    assert read_entry(folder, "measurement_type") == '"phys.magField"'
    text = (folder / "resources" / "tower" / "service.py").read_text()
    assert 'unit="Angstrom"' in text
    assert '"target_class":' not in text
    # What was left for later, and nothing else.
    marked = re.findall(r"# DECIDE .*\n\s+\(?\"(\w+)", text)
    assert marked == ["granule_uid", "obs_id"]
    assert "# DECIDE target_name: nothing was recognised for it" in text
    rd = (folder / "resources" / "tower" / "q.rd").read_text()
    assert "Pictures of a tower" in rd
    assert "Tower, T." in rd


def test_who_ends_it_finds_nothing_written(folder: Path) -> None:
    talk = start(folder)
    talk.answer("\ngranule_uid: ", "\x04")
    assert talk.end() != 0
    assert not (folder / "resources" / "tower").exists()


def test_with_accept_and_without_a_terminal_nothing_is_asked(folder: Path) -> None:
    talk = start(folder, "--accept")
    assert talk.end() == 0
    assert "Answer with" not in talk.said
    first = (folder / "resources" / "tower" / "service.py").read_text()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from epnkit.cli import main; main()",
            *("new", "tower", "--from", "list.csv", "--into", "other"),
        ],
        cwd=folder,
        env={**os.environ, **environment(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Answer with" not in done.stdout
    assert (folder / "other" / "tower" / "service.py").read_text() == first


def test_a_second_run_proposes_what_is_new_alone_and_keeps_edits(folder: Path) -> None:
    assert start(folder, "--accept").end() == 0
    path = folder / "resources" / "tower" / "service.py"
    path.write_text(path.read_text() + "# mine\n")
    again = start(folder)
    assert again.end() == 0
    assert "nothing is new at the source since it was drafted" in again.said
    header, *rows = ROWS.splitlines()
    lines = [f"{header},telescope", *(f"{row},Tower 2" for row in rows)]
    (folder / "list.csv").write_text("\n".join(lines) + "\n")
    more = start(folder)
    assert more.end() == 0
    assert "new at the source: telescope" in more.said
    assert '"instrument_host_name": compute(hash_list, "telescope"),' in more.said
    assert '"time_min"' not in more.said
    assert path.read_text().endswith("# mine\n")


def test_both_ends_of_one_value_are_asked_once_and_their_unit_not_before_an_answer() -> None:
    lengths = [2.0 + number for number in range(12)]
    names = [f"e{number}" for number in range(12)]
    sample = Sample("sql", pl.DataFrame({"event_id": names, "step_time": lengths}), 12)

    def ask_with(answers: dict[str, str]) -> tuple[Draft, list[str]]:
        asked: list[str] = []

        def ask(question: str) -> str:
            asked.append(question)
            return answers.get(question, "")

        return Interview(sample, lambda _: None, ask).run(propose(sample, "x")), asked

    draft, asked = ask_with({"time_sampling_step_min": "1", "unit of step_time": "minutes"})
    assert "time_sampling_step_max" not in asked
    later, unanswered = ask_with({})
    assert "unit of step_time" not in unanswered
    for end in ("min", "max"):
        proposal, left = (each.of(f"time_sampling_step_{end}") for each in (draft, later))
        assert proposal is not None
        assert proposal.value.code == 'pl.col("step_time").cast(pl.Float64) * 60'
        assert left is not None
        assert left.confidence < 0.8
