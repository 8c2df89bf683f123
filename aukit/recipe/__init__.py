"""Recipes: TOML with line numbers, overrides, two-step resolution, a complete dump. Free of torch."""

from aukit.recipe.explain import Explained, explain
from aukit.recipe.load import VARIANTS, Change, load_recipe, recipe_file
from aukit.recipe.overrides import parse_value
from aukit.recipe.recipe import Recipe
from aukit.recipe.shipped import ShippedRecipe, copy_recipe, list_recipes
from aukit.recipe.shipped import find as find_recipe
from aukit.recipe.source import SourceText
from aukit.recipe.standin import missing_data
from aukit.recipe.tables import (
    ComputeTable,
    DataTable,
    EvaluationTable,
    ModelTable,
    SplitBlocks,
    SplitPeople,
    SplitShares,
)

__all__ = [
    "VARIANTS",
    "Change",
    "ComputeTable",
    "DataTable",
    "EvaluationTable",
    "Explained",
    "ModelTable",
    "Recipe",
    "ShippedRecipe",
    "SourceText",
    "SplitBlocks",
    "SplitPeople",
    "SplitShares",
    "copy_recipe",
    "explain",
    "find_recipe",
    "list_recipes",
    "load_recipe",
    "missing_data",
    "parse_value",
    "recipe_file",
]
