"""The page of errors and exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from aukit import errors
from reference_pages.tables import table

EXIT_CODES = {
    0: "fine",
    1: "something unexpected, or a file or disk that cannot be read or written",
    2: "the request, the recipe, the data or a plugin: something you can mend",
    3: "training met a loss that is not finite",
    130: "interrupted by Ctrl-C; a checkpoint was left",
}
"""What the command line returns, and why."""

PAGE = """# Errors and exit codes

An error says what happened, where, and what to do instead. There is no traceback for a user's mistake. All problems
of a recipe come at once:

```console
$ aukit validate quickstart --set stages.finetune.stepps=5 --set model.temporal.name=convgro
error: --set: stages.finetune.stepps: unknown parameter of `regression`
...
error: --set: model.temporal.name: there is no temporal `convgro`
  hint: did you mean `convgru`?
```

An unexpected error is aukit's fault or a plugin's. Its traceback goes to a file that the message names;
`AUKIT_TRACEBACK=1`, or `aukit --traceback COMMAND`, prints it.

## Exit codes

{codes}

## Error classes

In Python every error is an `aukit.errors.AukitError`. It carries `message`, `where`, `hint`, `exit_code`, and its
facts in `data`; a `RecipeError` carries its `problems`.

{classes}

`ContractError` of `aukit.testing` is an `AssertionError`: a component that does not keep its contract fails its test.
"""


def error_classes() -> Iterator[type[errors.AukitError]]:
    """Every class of the tree, as written."""
    for thing in vars(errors).values():
        if inspect.isclass(thing) and issubclass(thing, errors.AukitError):
            yield thing


def page() -> str:
    """The Markdown of the page."""
    codes = table(("code", "what it means"), [(str(code), why) for code, why in EXIT_CODES.items()])
    rows = []
    for thing in error_classes():
        base = thing.__mro__[1].__name__
        first = (inspect.getdoc(thing) or "").splitlines()[0]
        rows.append(
            (f"`{thing.__name__}`", "" if base == "Exception" else f"`{base}`", str(thing.exit_code), first)
        )
    return PAGE.format(codes=codes, classes=table(("class", "is a", "exit code", "when"), rows))
