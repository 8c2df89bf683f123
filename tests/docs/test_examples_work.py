"""What the documentation shows can be done: Python runs, recipes load, command lines are accepted, light ones run."""

from __future__ import annotations

import importlib
import io
import itertools
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_pages
import typer

from aukit.cli.app import app
from aukit.contracts.component import KINDS, Component
from aukit.hosting.host import load_host
from aukit.hosting.new_plugin import plugin_files
from aukit.hosting.registry import Registry
from aukit.recipe import load_recipe
from aukit.suites.load import Options, is_suite_file, load_suite
from aukit.testing import empty_host, run_cli

ROOT = Path(__file__).parents[2]
Reader = Callable[[], Path]

RAN = {
    "recipes",
    "validate",
    "explain",
    "list-components",
    "plugins",
    "version",
    "cite",
    "new-plugin",
    "data",
}
"""Commands that are light enough to be run; the others are parsed, and their recipes loaded."""


def fenced(text: str) -> list[tuple[str, str, int]]:
    """The fenced blocks of a page: language, content, and the lines above it. What is included is left out."""
    found = re.finditer(r"^```(\w+)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    every = [(match[1], match[2], text.count("\n", 0, match.start(2))) for match in found]
    return [block for block in every if "--8<--" not in block[1]]


def blocks(text: str, language: str) -> list[str]:
    """The blocks of one language."""
    return [block for name, block, _ in fenced(text) if name == language]


def written() -> dict[str, str]:
    """Every page that shows something to do: path from the root -> Markdown, as written or as made from the code."""
    files = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    found = {str(file.relative_to(ROOT)): file.read_text("utf-8") for file in sorted(files)}
    found |= {f"docs/{path}": write() for path, write in reference_pages.PAGES.items()}
    return {path: text for path, text in found.items() if blocks(text, "python") or blocks(text, "console")}


PAGES = written()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_followed_from_top_to_bottom(
    page: str, reader: Reader, with_example: dict[str, str]
) -> None:
    """Python runs and prints what is shown; command lines are accepted, light ones do what is shown."""
    here = reader()
    (here / "tests" / "recipe").mkdir(parents=True)
    frames = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3)).astype(np.uint8)
    names: dict[str, Any] = {"__name__": "example", "frames": frames, "labels": np.full((6, 4), np.nan)}
    installs = "./plugins/aukit-example-temporal" in PAGES[page]
    environment = with_example if installs else {"AUKIT_DISABLE_PLUGINS": "aukit-example-temporal"}
    for language, block, above in fenced(PAGES[page]):
        if language == "python":
            run_python(block, names, page, above)
        elif language == "console":
            for line in lines(block):
                check_line(line, here, environment)


def test_there_is_much_to_follow() -> None:
    assert {
        "README.md",
        "docs/guides/predict.md",
        "docs/plugins/hooks.md",
        "docs/reference/errors.md",
    } <= set(PAGES)
    assert sum(len(lines(block)) for text in PAGES.values() for block in blocks(text, "console")) > 60


def run_python(block: str, names: dict[str, Any], page: str, above: int) -> None:
    """Run a block in the names of those before it; empty lines above let an error name the line of the page."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile("\n" * above + block, page, "exec"), names)
    shown = re.findall(r"^#> (.*)$", block, re.MULTILINE)
    assert not shown or printed.getvalue().splitlines() == shown


# --- TOML

TOML = [
    (str(file.relative_to(ROOT)), number)
    for file in sorted((ROOT / "docs").rglob("*.md"))
    for number, _ in enumerate(blocks(file.read_text("utf-8"), "toml"))
]


@pytest.mark.parametrize(("page", "number"), TOML)
def test_toml_blocks_are_recipes_or_parts_of_one(page: str, number: int, tmp_path: Path) -> None:
    text = blocks((ROOT / page).read_text("utf-8"), "toml")[number]
    table = tomllib.loads(text)
    if "project" in table:
        assert "aukit" in table["project"]["entry-points"]
        return
    file = tmp_path / "recipe.toml"
    if "variants" in table:
        file.write_text(text, "utf-8")
        assert set(load_suite(file, registry=everything_shown(page)).variants) == set(table["variants"])
        return
    whole = "extends" in table or {"data", "stages"} <= set(table)
    file.write_text(text if whole else f'extends = "quickstart"\n{text}', "utf-8")
    recipe = load_recipe(file, registry=everything_shown(page))
    assert set(table) - {"extends"} <= set(recipe.tables())


def everything_shown(page: str) -> Registry:
    """The built-ins, the tutorial's component, and the one that a kind's page shows."""
    records = [*_records(ROOT / "plugins" / "aukit-example-temporal", "aukit_example_temporal")]
    text = (ROOT / page).read_text("utf-8")
    for name, kind in dict(re.findall(r"^<!-- new-plugin (\S+) --kind (\S+)", text, re.MULTILINE)).items():
        package = f"aukit_{name.replace('-', '_')}"
        space: dict[str, Any] = {"__name__": package}
        exec(plugin_files(name, kind)[f"{package}/__init__.py"], space)
        records += space["aukit_components"]()
    return empty_host(*records, builtins=True)


def _records(folder: Path, package: str) -> list[Component]:
    sys.path.insert(0, str(folder))
    try:
        found: list[Component] = importlib.import_module(package).aukit_components()
        return found
    finally:
        sys.path.remove(str(folder))


# --- Command lines


@dataclass(frozen=True)
class Line:
    """One command of a console block: variables before it, its words, and the output that is shown below it."""

    env: dict[str, str]
    words: tuple[str, ...]
    output: str


def lines(block: str) -> list[Line]:
    """The commands of a console block, split at `&&` and `|`; a comment or a redirection is left out."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        found += [Line(*_split(words), output) for words in _commands(command)]
    return found


def _commands(text: str) -> list[list[str]]:
    scanner = shlex.shlex(text, posix=True, punctuation_chars=True)
    scanner.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in scanner:
        if word in ("&&", "|", ";"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [words[: words.index(">")] if ">" in words else words for words in commands]


def _split(words: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    env = {}
    while words and (match := re.fullmatch(r"([A-Z_]+)=(.*)", words[0])):
        env[match[1]] = match[2]
        words = words[1:]
    return env, tuple(words)


def parse(arguments: tuple[str, ...]) -> dict[str, Any]:
    """What the real command line makes of the words after `aukit`.

    Raises:
        Exception: it refuses them.
    """
    command: Any = typer.main.get_command(app)
    name, rest, context = "aukit", list(arguments), None
    while True:
        context = command.make_context(name, rest, parent=context)
        if not hasattr(command, "commands"):
            found: dict[str, Any] = context.params
            return found
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])


def test_a_wrong_command_line_is_refused() -> None:
    for words in (
        ("rnu", "quickstart"),
        ("run",),
        ("run", "quickstart", "--smok"),
        ("data", "mak"),
        ("data", "make", "x"),
    ):
        with pytest.raises(Exception, match=r"(?i)no such|missing"):
            parse(words)


def check_line(line: Line, here: Path, environment: dict[str, str]) -> None:
    """One command of a page, as far as it can be tried here."""
    if line.words[:1] == ("torchrun",):  # what each of its processes runs
        line = replace(line, words=line.words[line.words.index("-m") + 1 :])
    if line.words[:1] == ("aukit",):
        check_aukit(line, here, environment)
    elif line.words[:1] == ("nox",):
        check_nox(line.words)
    elif line.words[:2] == ("pip", "install"):
        check_pip(line.words)


def check_aukit(line: Line, here: Path, environment: dict[str, str]) -> None:
    arguments = line.words[1:]
    told = parse(arguments)
    own = arguments[:2] == ("prepare", "videos") and (here / arguments[2]).is_dir()
    if arguments[0] not in RAN and not own:
        if arguments[0] == "run":
            check_run(told)
        return
    if (arguments[0], told.get("run")) == ("cite", Path("RUN")):
        return
    done = run_cli(*arguments, cwd=here, env={**environment, **line.env})
    fails = line.output.startswith("error:")
    assert done.code == (2 if fails else 0), done.stderr
    if line.output:
        assert shows(line.output, done.stdout + done.stderr), done.stdout + done.stderr


def check_run(told: dict[str, Any]) -> None:
    """The recipe of an `aukit run` loads, with all that the line adds to it."""
    registry = everything_shown("docs/index.md")
    if told["plugin"]:
        registry = load_host(plugins=False, files=told["plugin"])
        assert all(
            status.status != "failed" for status in registry.plugins() if status.distribution.endswith(".py")
        )
    recipe = told["recipe"]
    if recipe.startswith("recipes/"):
        recipe = ROOT / recipe
    if is_suite_file(recipe, registry):
        overrides, ablations = told["overrides"] or (), told["ablate"] or ()
        load_suite(recipe, registry=registry, options=Options(overrides=overrides, ablations=ablations))
        return
    load_recipe(
        recipe,
        overrides=told["overrides"] or (),
        ablations=told["ablate"] or (),
        smoke=told["smoke"],
        stand_in=told["stand_in"],
        registry=registry,
    )


def shows(shown: str, printed: str) -> bool:
    """Whether the output is as shown; a line of `...` stands for any lines."""
    parts = [re.escape(part.strip("\n")) for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)]
    plain = "\n".join(line.rstrip() for line in printed.splitlines())
    return re.fullmatch(r"\n(?:.*\n)?".join(parts), plain.strip("\n"), re.DOTALL) is not None


def test_output_that_differs_is_noticed() -> None:
    assert shows("a\n...\nd\n", "a\nb\nc\nd\n") and shows("a\n", "a\n")
    assert not shows("a\n...\nd\n", "a\nb\n") and not shows("a\n", "a\nb\n")


def check_nox(words: tuple[str, ...]) -> None:
    """The session is one of the noxfile's."""
    file = (ROOT / "noxfile.py").read_text("utf-8")
    for option, name in itertools.pairwise(words):
        assert option != "-s" or f"def {name}(session" in file, name


def check_pip(words: tuple[str, ...]) -> None:
    """The extras are those of pyproject.toml, the folders and files are there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for word in words[2:]:
        place, _, wanted = word.rstrip("]").partition("[")
        if place.startswith(".") and not place.startswith("./aukit-"):
            assert (ROOT / place / "pyproject.toml").is_file()
            assert place != "." or set(filter(None, wanted.split(","))) <= set(extras)
        elif word.endswith(".txt"):
            assert (ROOT / word).is_file()


def test_examples_in_help_texts_are_accepted() -> None:
    helps = blocks(reference_pages.PAGES["reference/commands.md"](), "text")
    found = re.findall(r"^    (aukit .*)$", "\n".join(helps), re.MULTILINE)
    assert len(found) > 30
    for text in found:
        for words in _commands(text):
            if words[0] == "aukit" and "--help" not in words:
                parse(tuple(words[1:]))


# --- Packages that the pages of kinds show


@pytest.mark.parametrize("kind", KINDS)
def test_the_package_that_a_kind_s_page_shows_keeps_its_contract(kind: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "plugins" / f"{kind}.md").read_text("utf-8")
    (name,) = {found for found, _ in re.findall(r"^<!-- new-plugin (\S+) --kind (\S+)", text, re.MULTILINE)}
    for path, content in plugin_files(name, kind).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, "utf-8")
    package = f"aukit_{name.replace('-', '_')}"
    code = (
        f"import {package}\nfrom aukit.testing import check_component\n"
        f"[record] = {package}.aukit_components()\ncheck_component(record)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
