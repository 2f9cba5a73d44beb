"""What a name promises and the values do not keep; catalogues made up as archives have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.draft_judge import judge_draft, of_documents, of_files

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.draft import Draft, propose

#: A catalogue as a table in text: every value of it is a text. After a public catalogue of images
#: of planets, its names kept and its values made up.
TABLE = """ProductId,StartTime,TargetName,TargetClass,InstYaw,Instrument,Access
p1,2001-01-01T00:00:00,Io,satellite,10.5,CAM,https://example.org/get?id=1
p2,2001-01-02T00:00:00,Jupiter,planet,11.25,CAM,https://example.org/get?id=2
p3,2001-01-03T00:00:00,Unnamed 7,asteroid,-3.0,CAM,https://example.org/get?id=3
p4,2001-01-04T00:00:00,Io,Satellite,0.0,CAM,https://example.org/get?id=4
"""


def table(directory: Path, text: str) -> Sample:
    (directory / "data").mkdir()
    (directory / "data" / "catalogue.csv").write_text(text)
    return of_files(directory, directory / "data", "csv", "*.csv")


def fields(draft: Draft, column: str) -> tuple[str, ...] | None:
    proposal = draft.of(column)
    return None if proposal is None else proposal.fields


def test_numbers_written_as_texts_are_no_names(tmp_path: Path) -> None:
    draft = propose(table(tmp_path, TABLE), "x")
    assert fields(draft, "instrument_name") == ("Instrument",)
    without = TABLE.replace(",Instrument,", ",Channel,")
    (tmp_path / "other").mkdir()
    assert fields(propose(table(tmp_path / "other", without), "x"), "instrument_name") is None


def test_no_column_of_names_is_made_of_numbers() -> None:
    documents: list[dict[str, Any]] = [
        {
            "id": f"a{k}",
            "start_time": f"2001-01-0{k}T00:00:00",
            "spacecraft": str(k / 7),
            "instrument": str(k),
            "target": str(k + 0.5),
            "ucd": str(k),
        }
        for k in range(1, 9)
    ]
    draft = propose(of_documents(documents, "sql"), "x")
    made = ["instrument_host_name", "instrument_name", "target_name", "measurement_type"]
    assert [fields(draft, column) for column in made] == [None, None, None, None]


def test_a_column_of_classes_is_used_and_only_unknown_bodies_are_named(tmp_path: Path) -> None:
    sample = table(tmp_path, TABLE)
    judged = judge_draft(sample, "x", {"target_name": "Io", "target_class": "satellite"})
    assert not judged.wrong
    draft = propose(sample, "x")
    assert fields(draft, "target_class") == ("TargetClass",)
    named = draft.of("target_name")
    assert named is not None
    assert named.reason == "by its name; not known as bodies: Unnamed 7"


def test_known_bodies_have_their_class_though_others_are_unknown(tmp_path: Path) -> None:
    text = TABLE.replace(",TargetClass,", ",Quality,")
    draft = propose(table(tmp_path, text), "x")
    proposal = draft.of("target_class")
    assert proposal is not None
    assert not proposal.sure
    judged = judge_draft(table_again(tmp_path, text), "x", {"target_class": "satellite"})
    assert not judged.wrong


def table_again(directory: Path, text: str) -> Sample:
    (directory / "again").mkdir()
    return table(directory / "again", text)


def test_the_name_of_a_table_is_no_name_of_its_rows(tmp_path: Path) -> None:
    draft = propose(table(tmp_path, TABLE), "x")
    assert draft.of("file_name") is None
    assert draft.of("access_estsize") is None


def test_a_table_s_own_column_of_file_names_is_proposed(tmp_path: Path) -> None:
    text = "file_name,start\na.fits,2001-01-01T00:00:00\nb.fits,2001-01-02T00:00:00\n"
    judged = judge_draft(table(tmp_path, text), "x", {"file_name": "a.fits"})
    assert not judged.wrong


def test_addresses_are_found_by_their_values(tmp_path: Path) -> None:
    sample = table(tmp_path, TABLE)
    assert fields(propose(sample, "x"), "access_url") == ("Access",)
    other = table_again(tmp_path, TABLE.replace(",Access", ",Where"))
    proposal = propose(other, "x").of("access_url")
    assert proposal is not None
    assert not proposal.sure
    assert proposal.fields == ("Where",)


def test_an_address_that_is_the_same_for_all_leads_to_no_data(tmp_path: Path) -> None:
    lines = TABLE.replace(",Access", ",Where").splitlines()
    same = [line.split("?id=")[0] for line in lines]
    assert propose(table(tmp_path, "\n".join(same) + "\n"), "x").of("access_url") is None
