"""Chain codes: digits 0 to 7 for the steps from a pixel to the next (Freeman 1961)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from epnkit.errors import RegionError
from epnkit.regions._compile import kernel
from epnkit.regions.arrays import Bytes, Integers
from epnkit.regions.flags import EXPLANATIONS, Fault

#: Step of each digit along x (right, solar west) and y (up, solar north), as HFC has them.
STEP_X: Final = np.array([-1, -1, 0, 1, 1, 1, 0, -1], dtype=np.int64)
STEP_Y: Final = np.array([0, -1, -1, -1, 0, 1, 1, 1], dtype=np.int64)

#: Faults as plain numbers, which is what kernels take.
NO_FAULT, EMPTY = Fault.NONE.value, Fault.EMPTY.value
BAD_DIGIT, OPEN = Fault.DIGIT.value, Fault.OPEN.value


class Codes(NamedTuple):
    """Chain codes of a batch, concatenated.

    Attributes
    ----------
    digits : ndarray of uint8, shape (n,)
        The bytes of all codes.
    starts : ndarray of int64, shape (rows + 1,)
        Where each row's bytes begin, and the end of the last.
    """

    digits: Bytes
    starts: Integers


def pack_codes(codes: Sequence[str | None]) -> Codes:
    """Concatenate the codes of a batch; a missing code becomes an empty one."""
    # What is not ASCII becomes one "?" a character, which no digit is.
    rows = [(code or "").strip().encode("ascii", "replace") for code in codes]
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    return Codes(np.frombuffer(b"".join(rows), dtype=np.uint8), starts)


@kernel
def check_code(digits: Bytes) -> int:
    """Return the fault of one code: empty, a byte that is no direction, or not closed."""
    if digits.size == 0:
        return EMPTY
    x = y = 0
    for digit in digits:
        if digit < 48 or digit > 55:
            return BAD_DIGIT
        x += STEP_X[digit - 48]
        y += STEP_Y[digit - 48]
    return NO_FAULT if x == 0 and y == 0 else OPEN


@kernel
def walk_code(digits: Bytes, x: int, y: int) -> Integers:
    """Return the pixels of one good code, shape (n + 1, 2), from its start back to it."""
    path = np.empty((digits.size + 1, 2), dtype=np.int64)
    path[0, 0], path[0, 1] = x, y
    for k in range(digits.size):
        path[k + 1, 0] = path[k, 0] + STEP_X[digits[k] - 48]
        path[k + 1, 1] = path[k, 1] + STEP_Y[digits[k] - 48]
    return path


def explain_fault(fault: Fault, code: str | None) -> str:
    """Return what is wrong with a row, with the place in its code where that helps."""
    if fault is Fault.DIGIT and code:
        found = next((k, c) for k, c in enumerate(code.strip()) if c not in "01234567")
        return f"{EXPLANATIONS[fault]}, and character {found[0] + 1} is {found[1]!r}"
    return EXPLANATIONS[fault]


def decode(code: str, x: int, y: int) -> Integers:
    """Return the pixels that a chain code visits.

    Parameters
    ----------
    code : str
        Digits 0 to 7.
    x, y : int
        The first pixel.

    Returns
    -------
    ndarray of int64, shape (len(code) + 1, 2)
        Pixels in the code's order, the first repeated at the end.

    Raises
    ------
    RegionError
        The code is empty, holds anything but the digits 0 to 7, or doesn't close.
    """
    digits = pack_codes([code]).digits
    fault = Fault(check_code(digits))
    if fault:
        raise RegionError(
            explain_fault(fault, code), cure="Correct the chain code or its first pixel."
        )
    return walk_code(digits, x, y)
