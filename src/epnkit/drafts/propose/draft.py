"""What is proposed for a service: each column from the fields that fit it best."""

from __future__ import annotations

from dataclasses import dataclass

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.access import choose_cursor, propose_access
from epnkit.drafts.propose.angles import propose_angles
from epnkit.drafts.propose.identity import choose_key, propose_identity
from epnkit.drafts.propose.place import Frame, propose_coordinates
from epnkit.drafts.propose.proposal import Proposal, validate
from epnkit.drafts.propose.spectral import propose_spectral
from epnkit.drafts.propose.target import propose_target
from epnkit.drafts.propose.texts import propose_texts
from epnkit.drafts.propose.times import propose_durations, propose_times


@dataclass(frozen=True)
class Draft:
    """All that is proposed for a service.

    Parameters
    ----------
    name : str
        The service's name.
    frame : str
        Its spatial_frame_type.
    proposals : tuple of Proposal
        One a column, or a group of columns.
    key : tuple of str
        The fields that identify a record.
    cursor : str, optional
        The field with the time at which a record was changed.
    unused : tuple of str
        The fields that no proposal reads.
    """

    name: str
    frame: Frame
    proposals: tuple[Proposal, ...]
    key: tuple[str, ...]
    cursor: str | None
    unused: tuple[str, ...]

    def of(self, column: str) -> Proposal | None:
        """Return the proposal for a column."""
        return next((each for each in self.proposals if column in each.columns), None)


def propose(sample: Sample, name: str) -> Draft:
    """Propose a mapping for what a sample shows.

    Parameters
    ----------
    sample : Sample
        Some records of the source.
    name : str
        The service's name.

    Returns
    -------
    Draft
        Each proposal has been applied to the sample; what does not fit it is left out.
    """
    key, where, found = (
        choose_key(sample),
        propose_coordinates(sample),
        list(propose_access(sample)),
    )
    leading = {name for each in found for name in each.columns}
    made = [
        *propose_identity(sample, name, key),
        *propose_texts(sample, leading),
        *propose_target(sample),
        *propose_times(sample),
        *propose_durations(sample),
        *propose_spectral(sample),
        *where.proposals,
        *propose_angles(sample),
        *found,
    ]
    fit = tuple(each for p in made if (each := validate(p, sample)) is not None)
    used = {field for each in fit for field in each.fields} | set(key)
    unused = tuple(n for n in sample.fields if n not in used)
    return Draft(name, where.frame, fit, key, choose_cursor(sample), unused)
