"""What is proposed for a service: each column from the fields that fit it best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from epnkit.drafts.inspect.sample import Sample
from epnkit.drafts.propose.access import choose_cursor, propose_access
from epnkit.drafts.propose.identity import choose_key, propose_identity
from epnkit.drafts.propose.links import ProposedLink, propose_links
from epnkit.drafts.propose.mirror import find_frame, is_mirror, list_own_columns, propose_mirror
from epnkit.drafts.propose.places.angles import propose_angles
from epnkit.drafts.propose.places.coordinates import propose_coordinates
from epnkit.drafts.propose.places.limits import Frame
from epnkit.drafts.propose.places.planetary import propose_planetary
from epnkit.drafts.propose.proposal import Proposal, validate
from epnkit.drafts.propose.spectra.ranges import propose_spectral
from epnkit.drafts.propose.targets.target import propose_target, read_bodies
from epnkit.drafts.propose.texts import propose_texts
from epnkit.drafts.propose.times.durations import propose_durations
from epnkit.drafts.propose.times.intervals import measure_lengths, propose_times
from epnkit.drafts.propose.times.record_dates import propose_record_dates
from epnkit.epncore.columns import EpnType


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
    own : dict of str to str
        The columns of the service's own, each a field of that name, with their types.
    links : tuple of ProposedLink
        What else datalink leads to.
    """

    name: str
    frame: Frame
    proposals: tuple[Proposal, ...]
    key: tuple[str, ...]
    cursor: str | None
    unused: tuple[str, ...]
    own: Mapping[str, EpnType] = field(default_factory=dict)
    links: tuple[ProposedLink, ...] = ()

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
    key, cursor = choose_key(sample), choose_cursor(sample)
    mirrored = is_mirror(sample)
    if mirrored:
        frame, made, own = (
            find_frame(sample),
            list(propose_mirror(sample)),
            list_own_columns(sample),
        )
    else:
        frame, made, own = *_propose_columns(sample, name, key), {}
    validated = [(p, validate(p, sample)) for p in made]
    # What a mirrored table has no value for, it has none for.
    fit = tuple(p if mirrored else each for p, each in validated if each is not None)
    used = {n for each in fit for n in each.fields} | set(key) | set(own)
    links = () if mirrored else tuple(propose_links(sample, used))
    used |= {each.field for each in links}
    unused = tuple(n for n in sample.fields if n not in used)
    return Draft(name, frame, fit, key, cursor, unused, own, links)


def _propose_columns(
    sample: Sample, name: str, key: tuple[str, ...]
) -> tuple[Frame, list[Proposal]]:
    times, target = list(propose_times(sample)), tuple(propose_target(sample))
    found = list(propose_access(sample))
    where = propose_coordinates(sample, read_bodies(target, sample))
    leading = {name for each in found for name in each.columns}
    targets = {name for each in target for name in each.fields}
    return where.frame, [
        *propose_identity(sample, name, key),
        *propose_texts(sample, leading, targets),
        *target,
        *times,
        *propose_durations(sample, measure_lengths(times, sample)),
        *propose_spectral(sample),
        *where.proposals,
        *propose_angles(sample),
        *propose_planetary(sample, target),
        *propose_record_dates(sample),
        *found,
    ]
