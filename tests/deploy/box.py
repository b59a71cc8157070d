"""Boxes: what a container is to a process, made of the kernel's own parts, for machines without an engine.

A box has the image's paths and nothing else of this machine but its system libraries: a root file system
that cannot be written to, the image's user, no capability and no way to gain one, `/run/secrets`, `/keys`,
and a `/tmp` of its own. All boxes share the network of the process that starts them, where the names of
services are this host. Linux, and root.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.deploy.compose import HOUSE
from tests.deploy.dockerfile import stages

APP: Final = Path("/opt/aftercare")
"""Where the Dockerfile installs the package."""
ALLOWED: Final = HOUSE / ".dockerignore"

# $1 the root, $2 user, $3 group, $4 keys; then the command. As engines do it, each secret is mounted by
# itself: whoever reads it need not be able to enter the folder it is in.
ENTER: Final = """
set -eu
root=$1 user=$2 group=$3 keys=$4
shift 4
mount --bind "$root" "$root"
mount --rbind -o ro /usr "$root/usr"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run/secrets"
for secret in $SECRETS; do
  : >"$root/run/secrets/${secret%%=*}"
  mount --bind -o ro "${secret#*=}" "$root/run/secrets/${secret%%=*}"
done
mount --bind "$keys" "$root/keys"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind -o ro "$PYTHON" "$root/opt/python"
mount --bind -o ro "$PACKAGES" "$root/opt/packages"
mount -o remount,bind,ro "$root"
unset PYTHON PACKAGES SECRETS
exec /usr/sbin/chroot "$root" /usr/bin/setpriv --reuid="$user" --regid="$group" --clear-groups \\
  --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""


def why_not() -> str | None:
    """Why this machine cannot make boxes; None when it can."""
    if os.geteuid() != 0:
        return "boxes need root"
    needed = ("/usr/sbin/chroot", "/usr/bin/setpriv", "/usr/bin/unshare", "/usr/sbin/ip")
    if missing := [tool for tool in needed if not Path(tool).exists()]:
        return f"boxes need {', '.join(missing)} (Debian: util-linux, iproute2)"
    tried = subprocess.run(["/usr/bin/unshare", "--mount", "--net", "true"], capture_output=True, text=True)
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


@dataclass
class Image:
    """The image's file system, built by the Dockerfile's steps, with the dependencies of this environment."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=lambda: stages()[-1].environment)

    @classmethod
    def build(cls, folder: Path) -> Image:
        """In an empty folder; only what .dockerignore lets through is used, and nothing is downloaded."""
        context, root = folder / "context", folder / "root"
        copy_context(context)
        wheels = folder / "wheels"
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, context], check=True
        )
        for name in ("usr", "proc", "dev", "tmp", "keys", "run/secrets", "opt/python", "opt/packages", "etc"):
            (root / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / name).symlink_to(f"usr/{name}")
        for name in ("ld.so.cache", "nsswitch.conf", "ssl"):
            if (found := Path("/etc", name)).exists():
                (shutil.copytree if found.is_dir() else shutil.copy)(found, root / "etc" / name)
        user, group = stages()[-1].user
        (root / "etc/passwd").write_text(
            f"aftercare:x:{user}:{group}::/var/lib/aftercare:/usr/sbin/nologin\n"
        )
        (root / "etc/group").write_text(f"aftercare:x:{group}:\n")
        home = root / "var/lib/aftercare"
        home.mkdir(parents=True)
        os.chown(home, user, group)
        image = cls(root)
        image._install(next(wheels.glob("*.whl")))
        return image

    def _install(self, wheel: Path) -> None:
        """The Dockerfile's virtual environment; only the dependencies are those of this one."""
        app = self.root / APP.relative_to("/")
        packages = app / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        packages.mkdir(parents=True)
        (app / "bin").mkdir()
        (app / "pyvenv.cfg").write_text("home = /opt/python/bin\ninclude-system-site-packages = false\n")
        for name in ("python", "python3"):
            (app / "bin" / name).symlink_to(f"/opt/python/bin/python3.{sys.version_info[1]}")
        # Of a folder named in a .pth file, its own .pth files do not count: one of them is this clone's.
        (packages / "dependencies.pth").write_text("/opt/packages\n")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--no-deps", "--no-index", "--target", packages, wheel], check=True)
        script = app / "bin" / "aftercare"
        shutil.move(packages / "bin" / "aftercare", script)
        lines = script.read_text().splitlines(keepends=True)
        script.write_text("".join([f"#!{APP}/bin/python\n", *lines[1:]]))

    def hosts(self, names: Sequence[str]) -> None:
        """Let names of services be found: all of them here."""
        (self.root / "etc/hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))

    def box(
        self, command: Sequence[str], environment: Mapping[str, str], secrets: Mapping[str, Path], keys: Path
    ) -> Box:
        """A container of this image, with files as secrets by the names it is to find them under."""
        return Box(self, list(command), {**self.environment, **environment}, secrets, keys)


@dataclass(frozen=True)
class Box:
    """A container that has not been started: the command and what it finds."""

    image: Image
    command: list[str]
    environment: Mapping[str, str]
    secrets: Mapping[str, Path]
    keys: Path

    def arguments(self) -> list[str]:
        """The command line that becomes the process in the box."""
        user, group = stages()[-1].user
        told = [f"{name}={value}" for name, value in self.environment.items() if name != "PATH"]
        # This machine's interpreter may have its own library where nobody else may look.
        told.append("LD_LIBRARY_PATH=/opt/python/lib")
        inside = ["/usr/bin/env", "-i", f"PATH={APP}/bin:/usr/bin", *told, *self.command]
        enter = ["/bin/sh", "-c", ENTER, "box", str(self.image.root), str(user), str(group)]
        return ["/usr/bin/unshare", "--mount", *enter, str(self.keys), *inside]

    def outside(self) -> dict[str, str]:
        """The environment of the process that makes the box."""
        packages = next(path for path in site.getsitepackages() if path.endswith("site-packages"))
        secrets = " ".join(f"{name}={file}" for name, file in self.secrets.items())
        known = {"PYTHON": sys.base_prefix, "PACKAGES": packages, "SECRETS": secrets}
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | known

    def run(self) -> subprocess.CompletedProcess[str]:
        """Until it ends."""
        return subprocess.run(
            self.arguments(),
            env=self.outside(),
            capture_output=True,
            text=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
        )


def copy_context(target: Path) -> None:
    """What would be sent to the engine: .dockerignore lets nothing through but what it names."""
    lines = [line for line in ALLOWED.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    for name in (line[1:] for line in lines if line.startswith("!")):
        source = HOUSE / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
