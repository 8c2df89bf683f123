"""Which plugins are found, and which doors close."""

from __future__ import annotations

from pathlib import Path

import pytest

from aukit.errors import PluginError
from aukit.hosting.host import load_host
from aukit.hosting.registry import PluginStatus, Registry

GOOD = """
@aukit.hookimpl
def aukit_ablations():
    return [aukit.Ablation(name="{name}", summary="a record")]
"""
LEAVES_A_TRACE = """
from pathlib import Path
Path(__file__).with_suffix(".imported").touch()
@aukit.hookimpl
def aukit_ablations():
    return []
"""
FAILS = "raise LookupError('on import')"


def load(**options: object) -> Registry:
    return load_host(builtins=False, **{"environ": {}, **options})  # type: ignore[arg-type]


def of(registry: Registry, name: str) -> PluginStatus:
    (status,) = [status for status in registry.plugins() if status.name == name]
    return status


def test_an_entry_point_is_stamped_with_distribution_and_version(site):
    site.add("Lab-Things", GOOD.format(name="quiet"), version="2.5")
    registry = load()
    assert registry.ablation("quiet").source == "Lab-Things 2.5"
    status = of(registry, "lab_things-plugin")
    assert (status.status, status.reason, status.hooks) == ("active", "", ("aukit_ablations",))


def test_several_entry_points_of_one_distribution_stand_side_by_side(site):
    code = GOOD.format(name="one")
    site.add("pair", code, entry_points="[aukit]\nworks = pair\nfails = pair_that_is_missing\n")
    registry = load()
    assert registry.ablation("one").provider == "pair"
    assert (of(registry, "works").status, of(registry, "fails").status) == ("active", "failed")


def test_a_failing_plugin_is_listed_and_the_others_are_there(site):
    site.add("aaa", FAILS)
    site.add("bbb", GOOD.format(name="kept"))
    registry = load()
    assert registry.ablation("kept").provider == "bbb"
    status = of(registry, "aaa-plugin")
    assert status.status == "failed"
    assert status.reason.startswith("import failed: LookupError: on import (")
    assert status.reason.endswith("aaa.py:2)")


def test_strict_mode_raises_with_the_cause(site):
    site.add("aaa", FAILS)
    with pytest.raises(
        PluginError, match=r"the plugin `aaa-plugin` \(aaa 1\.0\) failed: import failed"
    ) as caught:
        load(environ={"AUKIT_PLUGINS_STRICT": "1"})
    assert isinstance(caught.value.__cause__, LookupError)
    assert caught.value.exit_code == 2
    assert of(load(environ={"AUKIT_PLUGINS_STRICT": "0"}), "aaa-plugin").status == "failed"


@pytest.mark.parametrize("denied", ["my-lab", "My_Lab", "my_lab-plugin", "other, my.lab"])
def test_the_deny_list_takes_distributions_and_entry_points(site, denied):
    site.add("my-lab", LEAVES_A_TRACE)
    status = of(load(environ={"AUKIT_DISABLE_PLUGINS": denied}), "my_lab-plugin")
    assert (status.status, status.reason) == ("disabled", "AUKIT_DISABLE_PLUGINS names it")
    assert not (site.folder / "my_lab.imported").exists()


def test_an_unrelated_deny_list_lets_a_plugin_in(site):
    site.add("my-lab", LEAVES_A_TRACE)
    assert of(load(environ={"AUKIT_DISABLE_PLUGINS": "my-laboratory,"}), "my_lab-plugin").status == "active"
    assert (site.folder / "my_lab.imported").exists()


def test_without_plugins_nothing_is_imported(site):
    site.add("my-lab", LEAVES_A_TRACE)
    status = of(load(plugins=False), "my_lab-plugin")
    assert (status.status, status.reason) == ("disabled", "plugins are switched off")
    assert not (site.folder / "my_lab.imported").exists()


def test_damaged_metadata_hides_no_other_plugin(site):
    site.add("aaa", GOOD.format(name="hidden"), entry_points="[aukit]\nthis line has no sign of equality\n")
    site.add("bbb", GOOD.format(name="kept"))
    registry = load()
    assert registry.ablation("kept").provider == "bbb"
    assert of(registry, "aaa").reason.startswith("its entry points are damaged")


def test_an_unreadable_or_nameless_distribution_hides_no_other_plugin(site):
    site.add("aaa", GOOD.format(name="nameless"))
    (site.folder / "aaa-1.0.dist-info" / "METADATA").write_text("")
    site.add("bbb", GOOD.format(name="lost"))
    (site.folder / "bbb-1.0.dist-info" / "entry_points.txt").write_bytes(b"[aukit]\n\xff\xfe = bbb")
    site.add("ccc", GOOD.format(name="kept"))
    registry = load()
    assert registry.ablation("kept").provider == "ccc"
    assert registry.ablation("nameless").source == "unnamed distribution"


def test_what_a_plugin_prints_is_kept_off_stdout(site, capsys):
    site.add("chatty", "print('hello from import')\n" + GOOD.format(name="x") + "    print('never')\n")
    load()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello from import" in captured.err


def test_the_first_copy_on_the_path_counts(site, tmp_path, monkeypatch):
    site.add("twice", GOOD.format(name="old"), version="1.0")
    newer = type(site)(tmp_path / "newer")
    monkeypatch.syspath_prepend(newer.folder)
    newer.add("twice", GOOD.format(name="new"), version="2.0")
    registry = load()
    assert [item.source for item in registry.ablations() if item.provider == "twice"] == ["twice 2.0"]


def test_an_entry_point_of_another_group_is_none_of_ours(site):
    site.add("elsewhere", LEAVES_A_TRACE, entry_points="[pytest11]\naukit-like = elsewhere\n")
    assert not [status for status in load().plugins() if status.distribution == "elsewhere"]


FILE_PLUGIN = """
import aukit

class Quiet:
    pass

@aukit.hookimpl
def aukit_components():
    return [aukit.Component(kind="loss", name="from-a-file", build="{stem}:Quiet", summary="a file")]
"""


def write(folder: Path, stem: str, text: str = FILE_PLUGIN) -> Path:
    path = folder / f"{stem}.py"
    path.write_text(text.replace("{stem}", stem))
    return path


def test_a_plugin_file_is_loaded_under_its_own_name(site, tmp_path):
    file = write(tmp_path, "work_in_progress")
    provided = load(files=[file], plugins=False).find("loss", "from-a-file")
    assert provided.provider == "work_in_progress.py"
    assert provided.location == f"{file}:4"


def test_a_plugin_file_can_be_changed_and_loaded_again(site, tmp_path):
    file = write(tmp_path, "changing")
    load(files=[file])
    write(tmp_path, "changing", FILE_PLUGIN.replace("from-a-file", "changed"))
    assert load(files=[str(file)]).find("loss", "changed").name == "changed"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.py", "there is no such plugin file"),
        ("notes.txt", "there is no such plugin file"),
        ("json.py", "would hide"),
        ("sys.py", "would hide the built-in module `sys`"),
        ("tomllib.py", "would hide"),
        ("broken_file.py", "import failed: SyntaxError"),
    ],
)
def test_a_plugin_file_that_will_not_do_says_why(site, tmp_path, name, reason):
    if name != "missing.py":
        (tmp_path / name).write_text("def (")
    status = of(load(files=[tmp_path / name]), Path(name).stem)
    assert status.status == "failed"
    assert reason in status.reason


def test_a_failed_file_leaves_no_half_module_behind(site, tmp_path):
    import sys

    file = write(tmp_path, "half", "raise ValueError")
    assert of(load(files=[file]), "half").status == "failed"
    assert "half" not in sys.modules
