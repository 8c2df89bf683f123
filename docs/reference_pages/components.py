"""The page of components: every built-in with its parameters; ablations; data sets whose protocols are known."""

from __future__ import annotations

from collections.abc import Iterator

from aukit.builtin.params.optim import OPTIMIZERS, REQUIRED, SCHEDULES
from aukit.cli.list_components import toml
from aukit.contracts.component import KINDS, Ablation, Component
from aukit.contracts.params import slots
from aukit.contracts.schema import Schema, SplitSizes
from aukit.hosting.host import load_host
from aukit.hosting.registry import Provided
from reference_pages.tables import code, inner_tables, parameter_table, table

HEAD = """# Components

Everything that a recipe can name and that comes with aukit. `aukit list-components` shows the same, and the components
of installed plugins too. A parameter whose type is the name of a kind is a *slot*: it holds another component, such
as `loss = { name = "huber", delta = 0.5 }`.
"""

OPTIM = """## Optimisers and schedules

`optimizer` and `schedule` of a stage go by torch's own names. What is not given is torch's own default, written here. A
partial table changes the stage's own optimiser; another `name` starts from torch's defaults. `lr` has to be given
with a new name.
"""

WARMUP = """Every schedule also takes `warmup`: steps over which the rate rises linearly. `T_max` and `total_steps` of 0
mean the whole stage.
"""


def page() -> str:
    """The Markdown of the page."""
    registry = load_host(plugins=False)
    parts = [HEAD]
    for kind, meaning in KINDS.items():
        parts += [
            f"## {kind} {{ #{kind} }}\n",
            f"{_sentence(meaning)} [What one promises](../plugins/{kind}.md).\n",
        ]
        found = registry.components(kind)
        if not found:
            parts.append(
                f"aukit ships none yet. A plugin can bring one: see [{kind}](../plugins/{kind}.md).\n"
            )
        for item in found:
            parts += _component(item)
    parts += _optim()
    parts += _ablations(registry.ablations())
    parts += [SCHEMAS]
    for provided in registry.schemas():
        parts += _schema(provided.record)
    return "\n".join(parts)


def _component(item: Provided[Component]) -> Iterator[str]:
    record = item.record
    yield f"### `{record.name}` {{ #{record.kind}-{record.name} }}\n"
    yield f"{_sentence(record.summary)}\n"
    if record.cite:
        yield f"Source: {record.cite}.\n"
    if record.extra:
        yield f'Needs the extra `{record.extra}`: `pip install "aukit[{record.extra}]"`.\n'
    yield f"{parameter_table(record.params)}\n"
    for name, model in inner_tables(record.params):
        if name not in ("optimizer", "schedule"):
            yield f"The table `{name}`:\n\n{parameter_table(model)}\n"
        else:
            yield f"The table `{name}` is described [below](#optimisers-and-schedules).\n"
    kinds = slots(record.params)
    if kinds:
        links = ", ".join(f"`{field}` ([{kind}](#{kind}))" for field, kind in kinds.items())
        yield f"Slots: {links}.\n"


def _optim() -> Iterator[str]:
    yield OPTIM
    for title, tables in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        rows = []
        for name, values in tables.items():
            shown = [
                f"`{key}` (required)" if REQUIRED.get(name) == key else f"`{key} = {toml(value)}`"
                for key, value in values.items()
            ]
            rows.append((code(name), ", ".join(shown) or "nothing to set"))
        yield table((title, "parameters with torch's defaults"), rows) + "\n"
    yield WARMUP


def _ablations(found: list[Provided[Ablation]]) -> Iterator[str]:
    yield "## Ablations { #ablations }\n"
    yield "Named changes to a recipe, applied by `--ablate NAME`. See [comparing runs](../guides/compare.md).\n"
    rows = []
    for provided in found:
        record = provided.record
        sets = [f"`{path} = {toml(value)}`" for path, value in record.set.items()]
        removes = [f"removes `{path}`" for path in record.remove]
        rows.append((code(record.name), record.summary, "; ".join([*removes, *sets])))
    yield table(("ablation", "what it shows", "what it does"), rows) + "\n"


SCHEMAS = """## Known data sets { #data-sets }

A `[data]` table that names one of these as its `schema` can use its splits by name, and `--stand-in` can put synthetic
faces of the same shape in its place.
"""


def _schema(schema: Schema) -> Iterator[str]:
    yield f"### `{schema.name}` {{ #data-set-{schema.name} }}\n"
    yield f"{_sentence(schema.summary)} AUs: {', '.join(schema.aus) or 'none'}. {schema.fps:g} frames a second.\n"
    yield f"Terms: {schema.terms}. Get it: <{schema.obtain}>. Source: {schema.cite}.\n"
    if schema.people_of:
        yield f"Its people are people of `{schema.people_of}`, under the same ids.\n"
    rows = []
    for name, folds in schema.splits.items():
        first = folds[0]
        if isinstance(first, SplitSizes):
            counts, unit = [first.train, first.validation, first.test], "videos, drawn from the seed"
        else:
            counts, unit = [len(people) for _, people in first.parts()], "people"
        shown = " / ".join(map(str, counts))
        rows.append((code(name), str(len(folds)), f"{shown} {unit}"))
    yield table(("split", "folds", "train / validation / test of fold 1"), rows) + "\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
