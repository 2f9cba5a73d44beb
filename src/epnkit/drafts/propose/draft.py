"""What is proposed for a service: each column from the fields that fit it best."""

from __future__ import annotations

from dataclasses import dataclass

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.access import access, changed_by
from epnkit.drafts.propose.angles import angles
from epnkit.drafts.propose.identity import identity, key_of
from epnkit.drafts.propose.place import Frame, place
from epnkit.drafts.propose.proposal import Proposal, tried
from epnkit.drafts.propose.spectral import spectral
from epnkit.drafts.propose.target import target
from epnkit.drafts.propose.texts import texts
from epnkit.drafts.propose.times import durations, times


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
        The fields that tell one record from every other.
    cursor : str, optional
        The field that tells when a record was changed.
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
        """Give the proposal for a column."""
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
    key, where, found = key_of(sample), place(sample), list(access(sample))
    leading = {name for each in found for name in each.columns}
    made = [
        *identity(sample, name, key),
        *texts(sample, leading),
        *target(sample),
        *times(sample),
        *durations(sample),
        *spectral(sample),
        *where.proposals,
        *angles(sample),
        *found,
    ]
    fit = tuple(each for p in made if (each := tried(p, sample)) is not None)
    used = {field for each in fit for field in each.fields} | set(key)
    unused = tuple(n for n in sample.fields if n not in used)
    return Draft(name, where.frame, fit, key, changed_by(sample), unused)
