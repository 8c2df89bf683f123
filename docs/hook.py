"""mkdocs calls this: it adds what is made from the code, and keeps the site self-contained."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from reference_pages import PAGES, expand

from aukit.builtin.datasets.synthetic.sheet import write_sheet

SHEET = "concepts/sheet.png"
_FETCHED = re.compile(
    r'<(?:script|img|iframe)[^>]*\ssrc="(?:https?:)?//|<link[^>]*rel="(?:stylesheet|preconnect)"[^>]*href="(?:https?:)?//'
)


def on_files(files: Files, config: Any) -> Files:
    """Add generated pages and the contact sheet of the synthetic faces."""
    for path, write in PAGES.items():
        files.append(File.generated(config, path, content=write()))
    with tempfile.TemporaryDirectory() as folder:
        picture = write_sheet(Path(folder) / "sheet.png", size=96).read_bytes()
    files.append(File.generated(config, SHEET, content=picture))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Show what `aukit new-plugin` writes where a page asks for it."""
    return expand(markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse a page that would load anything from elsewhere: the site works offline and tells nobody who reads it."""
    found = _FETCHED.search(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {found.group()}")
    return output
