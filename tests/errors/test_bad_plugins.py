"""A broken plugin says which and why, and breaks nothing else. Seen through real distributions on the path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Refused = Callable[..., str]
Install = Callable[..., dict[str, str]]

GRU = """\
import aukit

@aukit.hookimpl
def aukit_components():
    return [aukit.Component(kind="temporal", name="{name}", build="aukit.builtin.losses.l2:L2", summary="x")]
"""


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """`install(distribution, code)`: a distribution with one plugin module; the environment that finds it."""
    site = tmp_path / "site"

    def write(distribution: str, code: str) -> dict[str, str]:
        module = distribution.replace("-", "_")
        info = site / f"{module}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[aukit]\n{distribution} = {module}\n")
        (site / f"{module}.py").write_text(code)
        return {"PYTHONPATH": str(site)}

    return write


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        (
            "import aukit\n\n@aukit.hookimpl\ndef aukit_components():\n    raise RuntimeError('fell over')\n",
            "fell over",
        ),
        ("import aukit\n\n@aukit.hookimpl\ndef aukit_componets():\n    return []\n", "`aukit_components`"),
        (
            "import aukit\n\n@aukit.hookimpl\ndef aukit_components():\n    return 7\n",
            "expected a list of Component",
        ),
        ("def broken(:\n", "SyntaxError"),
    ],
    ids=["import", "raises", "misspelled", "rubbish", "syntax"],
)
def test_a_broken_plugin_breaks_nothing_else(
    install: Install, run_cli: Cli, tmp_path: Path, code: str, reason: str
) -> None:
    env = install("aukit-bad", code)

    listed = run_cli("list-components", env=env)
    assert listed.code == 0
    assert "convgru" in listed.stdout
    assert (
        listed.stderr == "warning: the plugin `aukit-bad` (aukit-bad 1.2) failed; `aukit plugins` says why\n"
    )

    plugins = run_cli("plugins", "--json", env=env)
    assert (plugins.code, plugins.stderr) == (0, "")
    (status,) = [item for item in json.loads(plugins.stdout) if item["name"] == "aukit-bad"]
    assert status["status"] == "failed"
    assert reason in status["reason"]
    assert reason in run_cli("plugins", env=env).stdout

    assert run_cli("validate", "quickstart", env=env).code == 0
    assert run_cli("list-components", "--no-plugins", env=env).stderr == ""
    denied = run_cli("plugins", "--json", env={**env, "AUKIT_DISABLE_PLUGINS": "aukit_bad"})
    assert "disabled" in {item["status"] for item in json.loads(denied.stdout)}

    strict = run_cli("list-components", env={**env, "AUKIT_PLUGINS_STRICT": "1"})
    assert (strict.code, strict.stdout) == (2, "")
    assert reason in strict.stderr
    asked = run_cli("validate", "quickstart", "--plugin", tmp_path / "site" / "aukit_bad.py")
    assert (asked.code, asked.stdout) == (2, "")
    assert reason in asked.stderr


def test_a_good_plugin_file_is_there_at_once(run_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GRU.format(name="mine"))
    done = run_cli("list-components", "--kind", "temporal", "--plugin", "mine.py")
    assert (done.code, done.stderr) == (0, "")
    assert "mine.py" in done.stdout


def test_a_plugin_file_that_is_not_there(refused: Refused) -> None:
    assert "nowhere.py" in refused("list-components", "--plugin", "nowhere.py")


def test_two_providers_of_one_name(install: Install, run_cli: Cli, tmp_path: Path) -> None:
    install("aukit-one", GRU.format(name="same"))
    env = install("aukit-two", GRU.format(name="same"))
    recipe = tmp_path / "both.toml"
    recipe.write_text('extends = "quickstart"\n[model.temporal]\nname = "same"\n')
    both = run_cli("validate", recipe, env=env)
    assert (both.code, both.stdout) == (2, "")
    assert "aukit-one" in both.stderr
    assert "aukit-two" in both.stderr
    assert "`aukit-one/same`" in both.stderr
    assert run_cli("list-components", env=env).code == 0
    recipe.write_text('extends = "quickstart"\n[model.temporal]\nname = "aukit-two/same"\n')
    found = json.loads(run_cli("explain", recipe, "--json", env=env).stdout)["components"]
    assert {row["provider"] for row in found if row["table"] == "model.temporal"} == {"aukit-two"}


def test_a_component_of_a_plugin_that_failed_says_so(install: Install, run_cli: Cli, tmp_path: Path) -> None:
    env = install("aukit-bad", "import nothing_of_that_name\n")
    recipe = tmp_path / "wants.toml"
    recipe.write_text('extends = "quickstart"\n[model.temporal]\nname = "brought-by-bad"\n')
    done = run_cli("validate", recipe, env=env)
    assert done.code == 2
    assert "brought-by-bad" in done.stderr
    assert "aukit-bad" in done.stderr


@pytest.mark.parametrize("kind", ["temporl", ""])
def test_a_new_plugin_of_no_kind(refused: Refused, tmp_path: Path, kind: str) -> None:
    refused("new-plugin", "mine", "--kind", kind)
    assert not list(tmp_path.iterdir())


def test_a_new_plugin_over_an_old_folder(run_cli: Cli, refused: Refused) -> None:
    assert run_cli("new-plugin", "mine", "--kind", "loss").code == 0
    assert "aukit-mine" in refused("new-plugin", "mine", "--kind", "loss")
