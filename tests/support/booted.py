"""systemd as the first process of a copy of this machine, in namespaces of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

_SYSTEMD = Path("/lib/systemd/systemd")

#: Enters control groups of its own, named $1, in which systemd then makes those of its units.
_ENTER = """
root=/sys/fs/cgroup
for hierarchy in $root $root/systemd $root/unified $root/memory $root/pids
do if [ -w "$hierarchy/cgroup.procs" ]
then mkdir -p "$hierarchy/$1" && echo $$ > "$hierarchy/$1/cgroup.procs"
fi
done
shift
exec "$@"
"""

#: Makes the copy at $1 with what lies at $2 as /srv/dachs, and starts systemd in it.  Only what is
#: needed is started: units that would set up the kernel, devices or disks are masked.
_BOOT = """
set -e
root="$1/root"
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount --bind "$3" "$root$3"
mkdir -p "$root/srv/dachs"
mount --bind "$2" "$root/srv/dachs"
groups="$root/sys/fs/cgroup"
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
then mount -t cgroup2 cgroup2 "$groups"
else
    mount -t tmpfs tmpfs "$groups"
    mkdir "$groups/systemd" "$groups/unified" "$groups/memory" "$groups/pids"
    mount -t cgroup -o none,name=systemd cgroup "$groups/systemd"
    mount -t cgroup2 cgroup2 "$groups/unified"
    mount -t cgroup -o memory cgroup "$groups/memory"
    mount -t cgroup -o pids cgroup "$groups/pids"
fi
rm -rf "$root"/etc/systemd/system/*.wants
cd "$root/lib/systemd/system"
for unit in *.target.wants/*.service *.target.wants/*.mount *.target.wants/*.timer
do case "$unit" in
    */systemd-journal*) ;;
    *) ln -sf /dev/null "$root/etc/systemd/system/$(basename "$unit")" ;;
esac
done
ln -sf /dev/null "$root/etc/systemd/system/systemd-remount-fs.service"
cd "$root"
mkdir before
pivot_root . before
umount -l /before
# As the first process does it outside of a container: credentials are mounted by way of it.
mount --make-rshared /
exec env container=test /lib/systemd/systemd --system --unit=multi-user.target
"""

#: Lets the copy speak to itself: its loopback interface is down at first (SIOCSIFFLAGS, IFF_UP).
_LOOPBACK = (
    "import fcntl, socket, struct; fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM),"
    " 0x8914, struct.pack('16sh', b'lo', 1))"
)

_NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup")


class Machine:
    """The copy.

    Parameters
    ----------
    number : int
        The number of its systemd, outside.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    def run(self, *words: str | Path, check: bool = True) -> str:
        """Run a program in the copy, and give what it prints."""
        entered = ["nsenter", "--target", str(self.number), *_NAMESPACES, "--root", "--wd"]
        variables = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        done = subprocess.run(
            [*entered, *variables, "LC_ALL=C.UTF-8", *map(str, words)],
            text=True,
            capture_output=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert not check or done.returncode == 0, f"{words}: {said}"
        return said

    def sh(self, script: str, *, check: bool = True) -> str:
        """Run a script of the shell in the copy."""
        return self.run("bash", "-c", script, check=check)


@contextmanager
def boot(directory: Path, dachs: Path) -> Iterator[Machine]:
    """Boot a copy of this machine; what it changes stays in memory.

    Parameters
    ----------
    directory : pathlib.Path
        An empty directory.
    dachs : pathlib.Path
        What lies at ``/srv/dachs`` in the copy.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can make a copy of the machine")
    if not _SYSTEMD.exists():
        pytest.skip("systemd is not installed")
    group = f"epnkit-test-{os.getpid()}"
    apart = ("unshare", "--fork", "--kill-child", *_NAMESPACES)
    made = ("bash", "-c", _ENTER, "enter", group, *apart, "bash", "-c", _BOOT, "boot")
    log = (directory / "log").open("wb")
    (directory / "copy").mkdir()
    words: list[str | Path] = [*made, directory / "copy", dachs, ROOT]
    with log, subprocess.Popen(words, stdout=log, stderr=log) as holder:
        try:
            machine = Machine(_await_systemd(holder, directory / "log"))
            machine.run("/usr/bin/python3", "-c", _LOOPBACK)
            yield machine
        finally:
            holder.kill()
            _remove_groups(group)


def _remove_groups(name: str) -> None:
    """Remove the control groups, once the processes in them are gone."""
    for _ in range(100):
        left = [path for path in Path("/sys/fs/cgroup").glob(f"**/{name}") if path.is_dir()]
        if not left:
            return
        command: list[str | Path] = [
            "find",
            *left,
            "-depth",
            "-type",
            "d",
            "-exec",
            "rmdir",
            "{}",
            ";",
        ]
        subprocess.run(command, check=False, capture_output=True)
        time.sleep(0.1)
    pytest.fail(f"control groups were left: {left}")


def _await_systemd(holder: subprocess.Popen[bytes], log: Path) -> int:
    """Wait until systemd has started what it was told to."""
    children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
    for _ in range(600):
        if holder.poll() is not None:
            break
        for number in children.read_text().split():
            if Path(f"/proc/{number}/comm").read_text().strip() == "systemd":
                state = Machine(int(number)).run("systemctl", "is-system-running", check=False)
                if state.strip() in ("running", "degraded"):
                    return int(number)
        time.sleep(0.1)
    pytest.fail(f"this machine boots no copy of itself: {log.read_text()}")
