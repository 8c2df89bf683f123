"""Pages of the documentation that are made from the code, so that they cannot say anything else.

`PAGES` maps a page's path to the function that writes it; `expand` fills the places of hand-written pages that show
what `aukit new-plugin` writes. Needs neither mkdocs nor torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reference_pages import commands, components, failures, recipe_tables
from reference_pages.templates import expand as expand

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands.page,
    "reference/components.md": components.page,
    "reference/recipe.md": recipe_tables.page,
    "reference/errors.md": failures.page,
}
"""Path inside the documentation -> its Markdown."""
