"""The page of the recipe's own tables."""

from __future__ import annotations

from aukit.recipe.tables import (
    ComputeTable,
    EvaluationTable,
    HeadTable,
    ModelTable,
    SplitBlocks,
    SplitPeople,
    SplitShares,
    StoredData,
)
from aukit.suites.tables import SuiteTable, VariantTable
from reference_pages.tables import parameter_table

PAGE = """# Recipe tables

A recipe is TOML. These are its fixed tables; what stands in a table with a `name` is said by
[that component](components.md). How tables are merged and overridden: [recipes](../guides/recipes.md).

## At the top

{head}

`extends`
:   the path of another recipe, from this file's folder, or the name of a shipped one.

## `[data.NAME]`

A data set. It has either `path` (prepared files) or `name` (a [dataset](components.md#dataset) component that makes the
frames, with its parameters beside it), never both. All but `path` may stand beside either:

{data}

`split` is the name of a preset of the data set; or people by name:

{people}

or shares of the people, drawn from the seed; who is left is trained on:

{shares}

or blocks, which test the people who were trained on: [same people](../concepts/protocols.md#same-people):

{blocks}

## `[model]`

{model}

## `[stages.NAME]`

The stages of a run, in file order. Each has a `name`, a [stage](components.md#stage) component, and that component's
parameters. `data` is common to all of them.

## `[evaluation]`

{evaluation}

## `[compute]`

{compute}

## `[[trackers]]`

An array of tables, each with the `name` of a [tracker](components.md#tracker) and its parameters.

## Suites

A file with `[variants]` is a [suite](../guides/suites.md): its runs fill one table. It has `name` and `summary` on top,
`[tuning]` with candidates by dotted path, and these:

### `[suite]`

{suite}

### `[variants.NAME]`

{variant}
"""


def page() -> str:
    """The Markdown of the page."""
    return PAGE.format(
        head=parameter_table(HeadTable),
        data=parameter_table(StoredData),
        people=parameter_table(SplitPeople),
        shares=parameter_table(SplitShares),
        blocks=parameter_table(SplitBlocks),
        model=parameter_table(ModelTable),
        evaluation=parameter_table(EvaluationTable),
        compute=parameter_table(ComputeTable),
        suite=parameter_table(SuiteTable),
        variant=parameter_table(VariantTable),
    )
