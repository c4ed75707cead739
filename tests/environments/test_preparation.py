"""From requirements to environments, by pip and by uv, with wheels of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.environments import (
    Environment,
    EnvironmentFault,
    Options,
    cache,
    parse,
    preparation,
    prepare,
)
from conformance.environments.installer import Installer
from conformance.environments.interpreter import Interpreter, probe
from tests.environments.wheels import wheel

PIP = Installer()


def made(
    *texts: str, options: Options | None = None, installer: Installer = PIP
) -> list[Environment]:
    return prepare([parse(text) for text in texts], options or Options(), lambda _: None, installer)


def version_in(environment: Environment, name: str) -> str:
    program = f"import {name}; print({name}.__version__)"
    return subprocess.run(
        [environment.python, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_each_side_gets_an_environment_of_its_own(shelf: Path) -> None:
    wheel(shelf, "fused", "1.0", needs=("other>=1",))
    wheel(shelf, "fused", "2.0")
    wheel(shelf, "other", "1.5")
    base, head = made("fused==1.0", "fused==2.0")
    assert (version_in(base, "fused"), version_in(head, "fused")) == ("1.0", "2.0")
    assert base.versions == {"fused": "1.0", "numpy": "1.0", "other": "1.5"}
    assert "other" not in head.versions
    assert base.built
    assert head.built


def test_what_does_not_fit_is_not_built(shelf: Path) -> None:
    wheel(shelf, "fused", "1.0")
    shown: list[dict[str, str]] = []

    def fit(planned: Sequence[Environment]) -> None:
        shown.extend(dict(each.versions) for each in planned)
        raise LookupError

    with pytest.raises(LookupError):
        prepare([parse("fused==1.0")], Options(), lambda _: None, PIP, fit)
    assert shown == [{"fused": "1.0", "numpy": "1.0"}]
    assert cache.kept() == []


def test_a_second_time_nothing_is_built_or_resolved(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(shelf, "fused", "1.0")
    (first,) = made("fused==1.0")
    shutil.rmtree(shelf)
    (again,) = made("fused==1.0")
    assert again.python == first.python
    assert not again.built
    with pytest.raises(EnvironmentFault, match="No matching distribution"):
        made("fused==1.0", options=Options(refresh=True))


def test_offline_takes_only_what_is_cached(shelf: Path) -> None:
    wheel(shelf, "fused", "1.0")
    offline = Options(offline=True)
    with pytest.raises(EnvironmentFault, match="not in the cache; run once without --offline"):
        made("fused==1.0", options=offline)
    (first,) = made("fused==1.0")
    assert made("fused==1.0", options=offline)[0].python == first.python


def test_what_cannot_be_installed_is_said_in_the_installer_s_words(shelf: Path) -> None:
    with pytest.raises(EnvironmentFault, match="No matching distribution found for absent==9"):
        made("absent==9")


def test_a_wheel_stands_on_a_side(shelf: Path, tmp_path: Path) -> None:
    path = wheel(tmp_path / "own", "fused", "3.0")
    (found,) = made(str(path))
    assert version_in(found, "fused") == "3.0"


def test_an_interpreter_that_exists_is_taken_with_all_that_it_has(shelf: Path) -> None:
    (found,) = made(f"py:{sys.executable}")
    assert found.python == sys.executable
    assert found.kept is None
    assert found.versions["numpy"] != "1.0"  # the real one, not that of the shelf


def test_the_first_interpreter_that_every_side_accepts_is_taken(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = probe(sys.executable)
    newer = Interpreter("newer", (3, 99, 0), here.platform)
    monkeypatch.setattr(preparation, "discover", lambda: [newer, here])
    asked: list[tuple[str, str]] = []

    class Picky(Installer):
        def resolve(self, interpreter, requirements, newest):  # type: ignore[no-untyped-def]
            asked.append((interpreter.name, requirements[0]))
            if interpreter is newer and requirements[0] == "fused==1.0":
                raise EnvironmentFault("requires Python < 3.99")
            return PIP.resolve(here, requirements, newest)

    wheel(shelf, "fused", "1.0")
    wheel(shelf, "fused", "2.0")
    said: list[str] = []
    sides = [parse("fused==1.0"), parse("fused==2.0")]
    found = prepare(sides, Options(), said.append, Picky())
    assert {each.interpreter for each in found} == {here}
    assert said[0].startswith(f"{here.name} ({here.path}), which every side accepts")
    assert ("Python 3.99.0", "fused==2.0") in asked


def test_sizes_are_told_before_anything_is_built(shelf: Path) -> None:
    path = wheel(shelf, "fused", "1.0")
    said: list[str] = []
    prepare([parse("fused==1.0")], Options(), said.append, PIP)
    size = (path.stat().st_size + (shelf / "numpy-1.0-py3-none-any.whl").stat().st_size) / 1e3
    assert said[1] == f"fused==1.0: building, 2 distributions, {size:.1f} kB of archives"
    assert said[2].startswith("fused==1.0: built, ")


def test_a_build_that_breaks_off_leaves_nothing_that_is_used(shelf: Path) -> None:
    wheel(shelf, "fused", "1.0")

    class Killed(Installer):
        def build(self, interpreter, wanted, folder):  # type: ignore[no-untyped-def]
            super().build(interpreter, wanted, folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made("fused==1.0", installer=Killed())
    assert cache.kept() == []
    assert made("fused==1.0")[0].built


def test_a_half_built_environment_is_built_anew(shelf: Path) -> None:
    wheel(shelf, "fused", "1.0")
    (first,) = made("fused==1.0")
    assert first.kept is not None
    (first.kept.folder / "environment.json").unlink()  # as if the process had been killed before
    assert len(cache.leftovers()) == 1
    (again,) = made("fused==1.0")
    assert again.built
    assert cache.leftovers() == []


def test_two_processes_build_one_environment_once(shelf: Path) -> None:
    wheel(shelf, "fused", "1.0")
    program = """if True:
        from conformance.environments import *
        from conformance.environments.installer import Installer
        (found,) = prepare([parse("fused==1.0")], Options(), lambda _: None, Installer())
        print(found.built)"""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
        for _ in range(2)
    ]
    said = sorted(each.communicate()[0].decode().strip() for each in running)
    assert said == ["False", "True"]


def test_pip_without_dates_refuses_a_date(shelf: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=True
    ).stdout
    if int(said.split()[1].split(".")[0]) >= 26:
        pytest.skip("this pip leaves out what is newer")
    with pytest.raises(EnvironmentFault, match="cannot leave out newer releases; install uv"):
        made("fused==1.0", options=Options(newest="2024-01-01"))


LOCKED = """lock-version = "1.0"
[[packages]]
name = "Fused_Loss"
version = "1.0"
wheels = [{ url = "https://x/fused.whl", size = 1200, hashes = { sha256 = "aa" } }]
[[packages]]
name = "own"
archive = { path = "WHEEL", hashes = { sha256 = "bb" } }
"""


def fake_uv(folder: Path) -> Path:
    """Writes down how it was called, and answers as uv does."""
    program = folder / "uv"
    log = folder / "calls.jsonl"
    answer = LOCKED.replace("WHEEL", str(folder / "own-2.0-py3-none-any.whl"))
    program.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"given = sys.stdin.read() if 'compile' in sys.argv else ''\n"
        "if '-r' in sys.argv: given = pathlib.Path(sys.argv[-1]).read_text()\n"
        f"open({str(log)!r}, 'a').write(json.dumps([sys.argv[1:], given]) + '\\n')\n"
        f"if 'compile' in sys.argv: print({answer!r})\n"
        f"if 'venv' in sys.argv: pathlib.Path(sys.argv[-1], 'bin').mkdir(parents=True)\n"
    )
    program.chmod(0o755)
    return program


def test_uv_is_asked_for_a_lock_and_installs_exactly_that(shelf: Path, tmp_path: Path) -> None:
    uv = Installer(str(fake_uv(tmp_path)))
    (found,) = made("fused-loss own", options=Options(newest="2025-06-01"), installer=uv)
    assert found.versions == {"fused-loss": "1.0", "own": "2.0"}
    lines = (tmp_path / "calls.jsonl").read_text().splitlines()
    (compile_, asked), (venv, _), (install, locked) = [json.loads(line) for line in lines]
    assert asked == "fused-loss\nown\nnumpy\n"
    assert compile_[:5] == ["pip", "compile", "-", "--format", "pylock.toml"]
    assert compile_[-4:] == ["--python", sys.executable, "--exclude-newer", "2025-06-01"]
    assert venv[:4] == ["venv", "--quiet", "--python", sys.executable]
    assert install[:4] == ["pip", "install", "--quiet", "--no-deps"]
    assert locked.splitlines() == [
        "fused-loss==1.0 --hash=sha256:aa",
        f"own @ {(tmp_path / 'own-2.0-py3-none-any.whl').as_uri()} --hash=sha256:bb",
    ]


def test_uv_itself_builds_the_same(shelf: Path, tmp_path: Path) -> None:
    program = shutil.which("uv")
    if program is None:
        pytest.skip("uv is not installed")
    path = wheel(tmp_path / "own", "fused", "3.0")
    wheel(shelf, "other", "1.0")
    (found,) = made(f"{path} other", installer=Installer(program))
    assert found.versions == {"fused": "3.0", "numpy": "1.0", "other": "1.0"}
    assert version_in(found, "fused") == "3.0"


@pytest.mark.network
def test_a_released_package_can_be_had(cache: Path) -> None:
    if "CONFORMANCE_NETWORK" not in os.environ:
        pytest.skip("asks a package index; set CONFORMANCE_NETWORK to let it")
    (found,) = made("opt-einsum==3.4.0")
    assert found.versions["opt-einsum"] == "3.4.0"
