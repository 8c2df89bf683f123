"""What `aukit new-plugin` writes, for the pages that show it."""

from __future__ import annotations

import re

from aukit.hosting.new_plugin import plugin_files

_MARK = re.compile(
    r"^<!-- new-plugin (?P<name>[a-z-]+) --kind (?P<kind>[a-z]+) (?P<file>\S+) -->$", re.MULTILINE
)
_FILES = {"hook": "__init__.py", "module": "module.py"}
_LANGUAGES = {"py": "python", "toml": "toml", "md": "markdown"}


def expand(markdown: str) -> str:
    """Replace each `<!-- new-plugin NAME --kind KIND FILE -->` by that file of the package.

    FILE is `hook` (the package's `__init__.py`), `module`, `test`, or a path inside the package's folder.
    """
    return _MARK.sub(lambda mark: _block(**mark.groupdict()), markdown)


def _block(name: str, kind: str, file: str) -> str:
    package = f"aukit_{name.replace('-', '_')}"
    if file in _FILES:
        path = f"{package}/{_FILES[file]}"
    else:
        path = f"tests/test_{package}.py" if file == "test" else file
    text = plugin_files(name, kind)[path].rstrip("\n")
    language = _LANGUAGES[path.rpartition(".")[2]]
    return f'```{language} title="aukit-{name}/{path}"\n{text}\n```'
