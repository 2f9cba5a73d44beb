from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import sunpy

from epnkit.errors import RegionError
from epnkit.regions.contours.chaincode import decode, pack_codes, walk_code
from epnkit.regions.synthetic import encode_mask


def test_the_steps_are_those_of_hfc() -> None:
    steps = [decode(f"{digit}{(digit + 4) % 8}", 10, 20)[1] - [10, 20] for digit in range(8)]
    assert [tuple(step) for step in steps] == [
        (-1, 0),
        (-1, -1),
        (0, -1),
        (1, -1),
        (1, 0),
        (1, 1),
        (0, 1),
        (-1, 1),
    ]


def test_it_decodes_as_sunpy_does() -> None:
    # By its file: its package asks for a web client that decoding has no use for.
    file = Path(sunpy.__file__).parent / "net" / "helio" / "chaincode.py"
    spec = importlib.util.spec_from_file_location("sunpy_chaincode", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    code = "44456667010122235"
    theirs = module.Chaincode([7, 9], code).coordinates.T
    assert np.array_equal(walk_code(pack_codes([code]).digits, 7, 9), theirs)


@pytest.mark.parametrize(
    ("code", "word"),
    [("", "empty"), ("048", "character 3 is '8'"), ("0x4", "'x'"), ("44", "return"), ("0é", "'é'")],
)
def test_a_bad_code_is_a_named_error(code: str, word: str) -> None:
    with pytest.raises(RegionError, match=word):
        decode(code, 0, 0)


def test_a_mask_comes_back_from_its_code() -> None:
    mask = np.zeros((6, 7), dtype=bool)
    mask[1:5, 2:6] = True
    contour = encode_mask(mask)
    pixels = decode(contour.code, contour.x, contour.y)
    assert (contour.x, contour.y) == (2, 1)
    assert len(contour.code) == 12
    assert {tuple(p) for p in pixels} == {
        (x, y) for x in range(2, 6) for y in range(1, 5) if x in (2, 5) or y in (1, 4)
    }
