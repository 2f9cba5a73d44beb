"""Deploying services in a DaCHS, and removing them: the steps of both."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from epnkit.dachs import vocabulary
from epnkit.dachs.instance import SYSTEM, DachsInstance
from epnkit.deploy import access, coverage, state, webserver
from epnkit.deploy.decided import require_decided
from epnkit.deploy.folder import InstalledFolder, hash_files
from epnkit.deploy.inputs import SHARED, find_parts
from epnkit.deploy.manifest import Manifest
from epnkit.deploy.steps import Step
from epnkit.deploy.toolkit import Toolkit
from epnkit.errors import DeployError
from epnkit.packaged import find_packaged
from epnkit.service import Service

#: DaCHS's message if it has no copy of a vocabulary and cannot fetch it.
_NO_VOCABULARY = "No such vocabulary: "

_FIX = "Fix what it names, and deploy again; DaCHS is unchanged."


class Deployment:
    """Installs services in one DaCHS, or removes them.

    Parameters
    ----------
    instance : DachsInstance
        The DaCHS.
    force : bool
        Whether to replace or delete files that somebody edited.
    publish : bool
        Whether to publish in the registry what is deployed.
    undecided : bool
        Whether to publish a draft in which a person has not decided everything.
    """

    def __init__(
        self,
        instance: DachsInstance,
        *,
        force: bool = False,
        publish: bool = True,
        undecided: bool = False,
    ) -> None:
        self.instance, self.force, self.publish = instance, force, publish
        self.undecided = undecided
        self.manifest = Manifest.read(instance)
        self.toolkit = Toolkit(instance.account) if instance.private is None else None
        # By epnkit install: then it does not go with the last service.
        self._installed = (
            self.toolkit is not None
            and self.manifest.toolkit is None
            and self.toolkit.installed_line is not None
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock out other deployments, and repair what one that was killed left.

        Raises
        ------
        DeployError
            If another deployment is running.
        """
        directory = os.open(self.instance.inputs, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in [
                *self.instance.inputs.glob(".*.before"),
                *self.instance.inputs.glob(".*.new"),
            ]:
                self._folder(left.name[1:].rpartition(".")[0]).undo()
            yield
        except BlockingIOError:
            raise DeployError(
                "another deployment is running",
                where=str(self.instance.inputs),
                cure="Wait until it has ended.",
            ) from None
        finally:
            os.close(directory)

    def plan_deploy(self, service: Service) -> list[Step]:
        """Return the steps that deploy a service.

        Raises
        ------
        EpnkitError
            If something is missing, or a file that was edited would be replaced.
        """
        name, sources = service.name, find_parts(service.folder)
        self._require_authority()
        if not self.force:
            for part, source in sources.items():
                self._folder(part).refuse_edits(source)
        return [
            *self._plan_toolkit(),
            Step(
                f"check that the credential of {name} is private, and readable by"
                f" {self.instance.account.name}",
                lambda: access.require_access(self.instance, service),
            ),
            Step(
                f"check that service.py and q.rd of {name} agree, and that nothing is undecided",
                lambda: require_decided(service, publish=self.publish, undecided=self.undecided),
            ),
            *(self._plan_install(part, source) for part, source in sources.items()),
            Step(self._format_command("val", name), lambda: self._validate(name)),
            self._plan_import(name),
            Step(
                f"{self._format_command('limits', name)}, if its RD requests coverage",
                lambda: coverage.renew(self.instance, name),
            ),
            *([self._plan_publish(name)] if self.publish else []),
            self._plan_reload(),
            Step(
                f"record it in {self.manifest.path}", lambda: self._record_deployed(name, sources)
            ),
        ]

    def renew_shared(self) -> str:
        """Install again what deployed services share, after an upgrade of epnkit.

        Raises
        ------
        DeployError
            If somebody edited a file of it, and edits are not to be replaced.
        """
        if not self.manifest.services:
            return "no service is deployed"
        with self.lock():
            sources = {name: find_packaged(f"resources/{name}") for name in SHARED}
            if not self.force:
                for part, source in sources.items():
                    self._folder(part).refuse_edits(source)
            done = [f"{part}: {self._folder(part).install(s)}" for part, s in sources.items()]
            self._record_folders(sources)
            self.manifest.save()
        return f"{'; '.join(done)}; {webserver.reload(self.instance)}"

    def plan_undeploy(self, name: str, removing: Sequence[str]) -> list[Step]:
        """Return the steps that remove a service.

        Parameters
        ----------
        name : str
            The service.
        removing : sequence of str
            All services to remove, in this order: what they share goes with the last of all.

        Raises
        ------
        DeployError
            If it was not deployed, or files of it were edited.
        """
        self._require_deployed(name)
        last = name == removing[-1] and {*self.manifest.services} <= {*removing}
        folders = [name, *(SHARED if last else ())]
        if not self.force:
            self._refuse_edits(folders)
        unrecord = Step(
            f"remove it from {self.manifest.path}", lambda: self._unrecord(name, folders)
        )
        return [
            Step(
                f"{self._format_command('pub', '-u', name)}, if it is published",
                lambda: self._unpublish(name),
            ),
            Step(self._format_command("drop", name), lambda: self._drop(name)),
            *(self._plan_removal(folder) for folder in folders),
            *([self._plan_cache_removal(), *self._plan_toolkit_removal()] if last else ()),
            unrecord,
            self._plan_reload(),
        ]

    def _plan_toolkit(self) -> list[Step]:
        toolkit = self.toolkit
        if toolkit is None:
            return []
        before = toolkit.installed_line
        return [
            Step(
                f"write {toolkit.path}: {toolkit.line.strip()}",
                lambda: (
                    f"{toolkit.path}: {toolkit.install()}; {toolkit.account.name} can import"
                    " epnkit in an empty environment"
                ),
                lambda: toolkit.restore(before),
            )
        ]

    def _plan_install(self, part: str, source: Path) -> Step:
        folder = self._folder(part)
        return Step(
            f"install {source} as {folder.target} ({folder.describe_changes(source)})",
            lambda: f"{folder.target}: {folder.install(source)}",
            folder.undo,
        )

    def _validate(self, name: str) -> str:
        """Run ``dachs val``; if DaCHS cannot fetch a vocabulary, with our copies."""
        try:
            return self._run("val", name)
        except DeployError as error:
            if _NO_VOCABULARY not in (error.why or ""):
                raise
            installed = vocabulary.install_copies(self.instance.cache)
            if not installed:
                raise
        return (
            f"{self._run('val', name)}; DaCHS could not fetch the IVOA's vocabularies: epnkit's"
            f" copies, to be deleted once it reaches www.ivoa.net: {', '.join(map(str, installed))}"
        )

    def _plan_import(self, name: str) -> Step:
        return self._plan_command("imp", name, state.has_table, self._drop_failed)

    def _plan_publish(self, name: str) -> Step:
        return self._plan_command("pub", name, state.is_published, self._unpublish)

    def _plan_command(
        self,
        verb: str,
        name: str,
        exists: Callable[[DachsInstance, str], bool],
        take_back: Callable[[str], str],
    ) -> Step:
        """Plan a command that adds something; undoing it keeps what existed before."""
        existed: list[bool] = []

        def do() -> str:
            existed.append(exists(self.instance, name))
            return self._run(verb, name)

        def undo() -> None:
            if existed == [False]:
                take_back(name)

        return Step(self._format_command(verb, name), do, undo)

    def _plan_reload(self) -> Step:
        return Step(
            "let the web server, if it runs, reload its services (SIGHUP)",
            lambda: webserver.reload(self.instance),
        )

    def _run(self, verb: str, name: str) -> str:
        """Run a command of DaCHS on a service's RD, which may fail with status 0."""
        try:
            output = self.instance.execute(verb, f"{name}/q")
        except DeployError as error:
            raise DeployError(error.what, where=name, why=error.why, cure=_FIX) from None
        if (verb == "val" and "-- OK" not in output) or (verb == "pub" and "Aborting" in output):
            raise DeployError(
                f"dachs {verb} {name}/q failed",
                where=name,
                why=_extract_error(output),
                cure="Fix the RD, and deploy again; DaCHS is unchanged.",
            )
        lines = [line for line in output.splitlines() if line.startswith(f"{name}: ")]
        summary = [f"dachs {verb} {name}/q: done", *(line.split(": ", 1)[1] for line in lines[-1:])]
        return "; ".join(summary)

    def _unpublish(self, name: str) -> str:
        if not state.is_published(self.instance, name):
            return f"{name} is not published"
        self.instance.execute("pub", "-u", f"{name}/q")
        return f"dachs pub -u {name}/q: done; DaCHS reports it to registries as deleted"

    def _drop_failed(self, name: str) -> str:
        """Drop the table of an import that failed; what it refused, if anything, stays."""
        kept = state.FAILURE if state.has_refusals(self.instance, name) else ()
        return self._drop(name, kept)

    def _drop(self, name: str, kept: Sequence[str] = ()) -> str:
        if (self.instance.inputs / name / "q.rd").is_file():
            self.instance.execute("drop", f"{name}/q")
        state.remove_state(self.instance, name, kept)
        return f"dachs drop {name}/q: done, and its state is deleted"

    def _plan_removal(self, name: str) -> Step:
        folder = self._folder(name)

        def do() -> str:
            left = folder.remove()
            return f"{folder.target}: removed" + (f", but for {', '.join(left)}" if left else "")

        return Step(f"remove what was installed in {folder.target}", do)

    def _plan_cache_removal(self) -> Step:
        """Remove what epnkit put into DaCHS's cache: compiled loops, vocabularies."""
        compiled = self.instance.cache / "epnkit"

        def do() -> str:
            shutil.rmtree(compiled, ignore_errors=True)
            if self.instance.private is None:
                vocabulary.remove_copies(self.instance.cache)
            return f"{compiled}: removed"

        return Step(f"remove what was compiled, {compiled}", do)

    def _plan_toolkit_removal(self) -> list[Step]:
        toolkit = self.toolkit
        if toolkit is None or self.manifest.toolkit != str(toolkit.path):
            return []

        def do() -> str:
            toolkit.restore(None)
            return f"{toolkit.path}: removed"

        return [Step(f"remove {toolkit.path}", do)]

    def _record_folders(self, sources: dict[str, Path]) -> None:
        for part, source in sources.items():
            folder = self._folder(part)
            folder.commit()
            # Hash the installed files: while an import runs, somebody may edit the source.
            installed = hash_files(folder.target)
            self.manifest.folders[part] = {
                n: installed[n] for n in hash_files(source) if n in installed
            }

    def _record_deployed(self, name: str, sources: dict[str, Path]) -> str:
        self._record_folders(sources)
        self.manifest.services = sorted({*self.manifest.services, name})
        self.manifest.origins[name] = str(sources[name].resolve())
        if self.toolkit and not self._installed:
            self.manifest.toolkit = str(self.toolkit.path)
        self.manifest.save()
        return f"recorded in {self.manifest.path}"

    def _unrecord(self, name: str, folders: list[str]) -> str:
        for folder in folders:
            self.manifest.folders.pop(folder, None)
        self.manifest.services.remove(name)
        self.manifest.origins.pop(name, None)
        self.manifest.save()
        return f"removed from {self.manifest.path}"

    def _folder(self, name: str) -> InstalledFolder:
        installed = self.manifest.folders.get(name, {})
        return InstalledFolder(self.instance.inputs / name, installed, self.instance.account)

    def _require_authority(self) -> None:
        """Refuse before an import, not after it, if DaCHS cannot publish."""
        if self.publish and self.instance.authority is None:
            raise DeployError(
                "DaCHS has no IVOA authority to publish under",
                where=str(self.instance.settings),
                cure="Set authority in its section [ivoa]; or deploy with --no-publish: TAP serves"
                " the table all the same, and no registry knows it.",
            )

    def _require_deployed(self, name: str) -> None:
        if name not in self.manifest.services:
            raise DeployError(
                f"{name} was not deployed by epnkit",
                where=str(self.manifest.path),
                why=f"there are: {', '.join(self.manifest.services) or 'none'}",
                cure=f"If it was installed by hand: dachs drop {name}/q, and delete its folder.",
            )

    def _refuse_edits(self, folders: list[str]) -> None:
        for name in folders:
            edited = self.manifest.find_edited(self.instance.inputs, name)
            if edited:
                raise DeployError(
                    f"edited since they were installed: {', '.join(edited)}",
                    where=str(self.instance.inputs / name),
                    cure="Save the changes elsewhere; --force deletes the files.",
                )

    def _format_command(self, *words: str) -> str:
        settings = self.instance.settings
        named = [] if settings == SYSTEM else [f"GAVOSETTINGS={settings}"]
        return " ".join([*named, *self.instance.command(*words[:-1], f"{words[-1]}/q")])


def _extract_error(output: str) -> str:
    """Return DaCHS's error message in one line."""
    message = output.partition("*** Error:")[2] or output
    return " ".join(message.removesuffix("Fail\n").split())
