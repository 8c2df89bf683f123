"""Loading, dumping and explaining a recipe imports no torch, and nothing else that is heavy."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from aukit.recipe import explain, list_recipes, load_recipe, missing_data
for shipped in list_recipes():
    if shipped.kind == "suite":
        continue
    recipe = load_recipe(shipped.name, stand_in=True, smoke=True)
    recipe.dump()
    assert all(":" in row.location for row in explain(recipe))
    missing_data(recipe)
print(sorted({"torch", "timm", "numpy", "h5py", "matplotlib", "typer", "rich"} & set(sys.modules)))
"""


def test_recipes_are_light() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "[]\n"
