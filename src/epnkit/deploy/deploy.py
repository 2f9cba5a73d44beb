"""Deploying services into a DaCHS, and taking them out again: the steps of both."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from epnkit.dachs import vocabulary
from epnkit.dachs.instance import SYSTEM, Place
from epnkit.deploy import access, books, coverage, webserver
from epnkit.deploy.inputs import SHARED, parts
from epnkit.deploy.layout import Folder, digests
from epnkit.deploy.manifest import Manifest
from epnkit.deploy.steps import Step
from epnkit.deploy.toolkit import Toolkit
from epnkit.errors import DeployError
from epnkit.service import Service

#: What DaCHS says where it has no vocabulary of subjects, and cannot fetch it.
_NO_SUBJECTS = "No such vocabulary: uat"

_MEND = "Mend what it names, and deploy again; DaCHS is as it was."


class Deployment:
    """Services into, or out of, one DaCHS.

    Parameters
    ----------
    place : Place
        The DaCHS.
    force : bool
        Whether files that somebody edited are replaced or deleted.
    publish : bool
        Whether the registry learns of what is deployed.
    """

    def __init__(self, place: Place, *, force: bool = False, publish: bool = True) -> None:
        self.place, self.force, self.publish = place, force, publish
        self.manifest = Manifest.of(place)
        self.toolkit = Toolkit(place.account) if place.private is None else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second deployment out, and put right what one that was killed left behind.

        Raises
        ------
        DeployError
            Where another goes on.
        """
        directory = os.open(self.place.inputs, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in [*self.place.inputs.glob(".*.before"), *self.place.inputs.glob(".*.new")]:
                self._folder(left.name[1:].rpartition(".")[0]).undo()
            yield
        except BlockingIOError:
            raise DeployError(
                "another deployment goes on",
                where=str(self.place.inputs),
                cure="Wait until it has ended.",
            ) from None
        finally:
            os.close(directory)

    def deploying(self, service: Service) -> list[Step]:
        """Give the steps that deploy a service.

        Raises
        ------
        EpnkitError
            Where something is missing, or a file that was edited would be replaced.
        """
        name, sources = service.name, parts(service.folder)
        self._require_authority()
        if not self.force:
            for part, source in sources.items():
                self._folder(part).refuse_edits(source)
        return [
            *self._making_known(),
            Step(
                f"see that the credential of {name} is private, and readable by"
                f" {self.place.account.name}",
                lambda: access.require_access(self.place, service),
            ),
            *(self._laying(part, source) for part, source in sources.items()),
            Step(self._shown("val", name), lambda: self._validate(name)),
            self._importing(name),
            Step(
                f"{self._shown('limits', name)}, if its RD asks for coverage",
                lambda: coverage.renew(self.place, name),
            ),
            *([self._publishing(name)] if self.publish else []),
            self._reloading(),
            Step(f"note it in {self.manifest.path}", lambda: self._settle(name, sources)),
        ]

    def undeploying(self, name: str, leaving: Sequence[str]) -> list[Step]:
        """Give the steps that take a service out.

        Parameters
        ----------
        name : str
            The service.
        leaving : sequence of str
            All services that leave, in this order: the last of all takes along what they share.

        Raises
        ------
        DeployError
            Where it was not deployed, or files of it were edited.
        """
        self._require_deployed(name)
        last = name == leaving[-1] and {*self.manifest.services} <= {*leaving}
        folders = [name, *(SHARED if last else ())]
        if not self.force:
            self._refuse_edits(folders)
        note = Step(f"strike it out in {self.manifest.path}", lambda: self._strike(name, folders))
        return [
            Step(
                f"{self._shown('pub', '-u', name)}, if it is published",
                lambda: self._unpublish(name),
            ),
            Step(self._shown("drop", name), lambda: self._drop(name)),
            *(self._removing(folder) for folder in folders),
            *([self._clearing(), *self._forgetting()] if last else ()),
            note,
            self._reloading(),
        ]

    def _making_known(self) -> list[Step]:
        toolkit = self.toolkit
        if toolkit is None:
            return []
        before = toolkit.before
        return [
            Step(
                f"write {toolkit.path}: {toolkit.line.strip()}",
                lambda: (
                    f"{toolkit.path}: {toolkit.lay()}; {toolkit.account.name} can import"
                    " epnkit in an empty environment"
                ),
                lambda: toolkit.restore(before),
            )
        ]

    def _laying(self, part: str, source: Path) -> Step:
        folder = self._folder(part)
        return Step(
            f"lay {source} at {folder.target} ({folder.changes(source)})",
            lambda: f"{folder.target}: {folder.lay(source)}",
            folder.undo,
        )

    def _validate(self, name: str) -> str:
        """Run ``dachs val``; where DaCHS cannot fetch a vocabulary, with our copy of it."""
        try:
            return self._run("val", name)
        except DeployError as error:
            if _NO_SUBJECTS not in (error.why or ""):
                raise
        path = vocabulary.give(self.place.cache)
        return (
            f"{self._run('val', name)}; DaCHS could not fetch the vocabulary of subjects: {path}"
            " is epnkit's copy, to be deleted once it reaches www.ivoa.net"
        )

    def _importing(self, name: str) -> Step:
        return self._adding("imp", name, books.has_table, self._drop)

    def _publishing(self, name: str) -> Step:
        return self._adding("pub", name, books.published, self._unpublish)

    def _adding(
        self,
        verb: str,
        name: str,
        is_there: Callable[[Place, str], bool],
        take_back: Callable[[str], str],
    ) -> Step:
        """Run a command that adds something; what was there before it stays when it is undone."""
        there: list[bool] = []

        def do() -> str:
            there.append(is_there(self.place, name))
            return self._run(verb, name)

        def undo() -> None:
            if there == [False]:
                take_back(name)

        return Step(self._shown(verb, name), do, undo)

    def _reloading(self) -> Step:
        return Step(
            "tell the web server, if it runs, to read its services anew (SIGHUP)",
            lambda: webserver.reload(self.place),
        )

    def _run(self, verb: str, name: str) -> str:
        """Run a command of DaCHS on a service's RD, which may fail with status 0."""
        try:
            said = self.place.ask(verb, f"{name}/q")
        except DeployError as error:
            raise DeployError(error.what, where=name, why=error.why, cure=_MEND) from None
        if (verb == "val" and "-- OK" not in said) or (verb == "pub" and "Aborting" in said):
            raise DeployError(
                f"dachs {verb} {name}/q: it is not well",
                where=name,
                why=_told(said),
                cure="Mend the RD, and deploy again; DaCHS is as it was.",
            )
        lines = [line for line in said.splitlines() if line.startswith(f"{name}: ")]
        told = [f"dachs {verb} {name}/q: done", *(line.split(": ", 1)[1] for line in lines[-1:])]
        return "; ".join(told)

    def _unpublish(self, name: str) -> str:
        if not books.published(self.place, name):
            return f"{name} is not published"
        self.place.ask("pub", "-u", f"{name}/q")
        return f"dachs pub -u {name}/q: done; DaCHS tells registries that it is gone"

    def _drop(self, name: str) -> str:
        if (self.place.inputs / name / "q.rd").is_file():
            self.place.ask("drop", f"{name}/q")
        books.remove(self.place, name)
        return f"dachs drop {name}/q: done, and its books are gone"

    def _removing(self, name: str) -> Step:
        folder = self._folder(name)

        def do() -> str:
            left = folder.remove()
            return f"{folder.target}: removed" + (f", but for {', '.join(left)}" if left else "")

        return Step(f"remove what was laid in {folder.target}", do)

    def _clearing(self) -> Step:
        """Remove what lies in DaCHS's cache for our sake: compiled loops, a vocabulary."""
        compiled = self.place.cache / "epnkit"

        def do() -> str:
            shutil.rmtree(compiled, ignore_errors=True)
            if self.place.private is None:
                vocabulary.take_back(self.place.cache)
            return f"{compiled}: removed"

        return Step(f"remove what was compiled, {compiled}", do)

    def _forgetting(self) -> list[Step]:
        toolkit = self.toolkit
        if toolkit is None or self.manifest.toolkit != str(toolkit.path):
            return []

        def do() -> str:
            toolkit.restore(None)
            return f"{toolkit.path}: removed"

        return [Step(f"remove {toolkit.path}", do)]

    def _settle(self, name: str, sources: dict[str, Path]) -> str:
        for part, source in sources.items():
            folder = self._folder(part)
            folder.settle()
            # Of what was laid: while an import runs, somebody may edit the source.
            laid = digests(folder.target)
            self.manifest.folders[part] = {n: laid[n] for n in digests(source) if n in laid}
        self.manifest.services = sorted({*self.manifest.services, name})
        self.manifest.toolkit = str(self.toolkit.path) if self.toolkit else None
        self.manifest.save()
        return f"noted in {self.manifest.path}"

    def _strike(self, name: str, folders: list[str]) -> str:
        for folder in folders:
            self.manifest.folders.pop(folder, None)
        self.manifest.services.remove(name)
        self.manifest.save()
        return f"struck out in {self.manifest.path}"

    def _folder(self, name: str) -> Folder:
        laid = self.manifest.folders.get(name, {})
        return Folder(self.place.inputs / name, laid, self.place.account)

    def _require_authority(self) -> None:
        """Find out before an import, not after it, that DaCHS cannot publish."""
        if self.publish and self.place.authority is None:
            raise DeployError(
                "DaCHS has no IVOA authority to publish under",
                where=str(self.place.settings),
                cure="Set authority in its section [ivoa]; or deploy with --no-publish: TAP serves"
                " the table all the same, and no registry knows it.",
            )

    def _require_deployed(self, name: str) -> None:
        if name not in self.manifest.services:
            raise DeployError(
                f"{name} was not deployed by epnkit",
                where=str(self.manifest.path),
                why=f"there are: {', '.join(self.manifest.services) or 'none'}",
                cure=f"What was laid by hand goes by hand: dachs drop {name}/q, and its folder.",
            )

    def _refuse_edits(self, folders: list[str]) -> None:
        for name in folders:
            edited = self.manifest.edited(self.place.inputs, name)
            if edited:
                raise DeployError(
                    f"edited since they were laid: {', '.join(edited)}",
                    where=str(self.place.inputs / name),
                    cure="Save the changes elsewhere; --force deletes the files.",
                )

    def _shown(self, *words: str) -> str:
        settings = self.place.settings
        named = [] if settings == SYSTEM else [f"GAVOSETTINGS={settings}"]
        return " ".join([*named, *self.place.command(*words[:-1], f"{words[-1]}/q")])


def _told(said: str) -> str:
    """Give what DaCHS wrote about something that is not well, in a line."""
    told = said.partition("*** Error:")[2] or said
    return " ".join(told.removesuffix("Fail\n").split())
