"""The command `aukit`: gathers the commands, turns errors into messages and exit codes.

Exit codes: 0 fine, 1 unexpected or I/O, 2 usage or recipe, 3 training diverged, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.core

from aukit.cli import (
    cite,
    compare,
    data,
    data_inspect,
    data_merge,
    evaluate,
    explain,
    list_components,
    new_plugin,
    options,
    plan,
    plugins,
    predict,
    prepare,
    recipes,
    run,
    terminal,
    validate,
    version,
)
from aukit.errors import AukitError, Elsewhere, Interrupted, StorageError

TRACEBACK = "AUKIT_TRACEBACK"


class Commands(typer.core.TyperGroup):
    """A group in which Ctrl-C is one of aukit's own errors, with its message and exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise Interrupted("interrupted") from stop


app = typer.Typer(
    name="aukit",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(
    help="Facial action unit intensities from few labels.",
    epilog=options.examples(
        "aukit run quickstart",
        "aukit recipes list",
        "aukit run disfa_2pct --stand-in --smoke",
        then="aukit run --help",
    ),
)
def _root(
    show: Annotated[
        bool, typer.Option("--traceback", help=f"Print the traceback of an error; also {TRACEBACK}=1.")
    ] = False,
) -> None:
    # `main` looks for the option itself: an error outlives the command that raised it.
    del show


app.command("prepare", epilog=prepare.EPILOG, short_help="Turn recordings into a clip store of faces")(
    prepare.prepare
)
app.command("run", epilog=run.EPILOG, short_help="Train and evaluate what a recipe says")(run.run)
app.command("plan", epilog=plan.EPILOG, short_help="Say what a run costs and its labels can teach")(plan.plan)
app.command("validate", epilog=validate.EPILOG, short_help="Check recipes, all problems at once")(
    validate.validate
)
app.command("explain", epilog=explain.EPILOG, short_help="Show which code a recipe calls")(explain.explain)
app.command("list-components", epilog=list_components.EPILOG, short_help="Show what recipes can name")(
    list_components.list_components
)
app.command("plugins", epilog=plugins.EPILOG, short_help="Show plugins and why one failed")(plugins.plugins)
app.command("new-plugin", epilog=new_plugin.EPILOG, short_help="Write a plugin package")(
    new_plugin.new_plugin
)
app.command("predict", epilog=predict.EPILOG, short_help="Predict every frame of videos")(predict.predict)
app.command("evaluate", epilog=evaluate.EPILOG, short_help="Score tracks against labels")(evaluate.evaluate)
app.command("compare", epilog=compare.EPILOG, short_help="Compare runs, or a suite, in one table")(
    compare.compare
)
app.command("cite", epilog=cite.EPILOG, short_help="Print what to cite for a run")(cite.cite)
app.command("version", epilog=version.EPILOG, short_help="Show the versions that matter")(version.version)
app.add_typer(recipes.app, name="recipes", short_help="List, show, copy the shipped recipes")
data.app.command("inspect", epilog=data_inspect.EPILOG)(data_inspect.inspect)
data.app.command("merge", epilog=data_merge.EPILOG)(data_merge.merge)
app.add_typer(data.app, name="data", short_help="Make, inspect, check and merge clip stores")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. No exception and, unasked, no traceback leaves it."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    cause: BaseException
    try:
        app(args=arguments, prog_name="aukit")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except Elsewhere as silent:
        return silent.exit_code
    except AukitError as problem:
        shown, cause = problem, problem
    except OSError as problem:
        # Whatever could not be read or written: the system's message and the file say enough.
        shown, cause = (
            StorageError(problem.strerror or str(problem), where=str(problem.filename or "")),
            problem,
        )
    except Exception as problem:
        shown, cause = _unexpected(problem), problem
    else:
        return 0
    if arguments[:1] == ["--traceback"] or os.environ.get(TRACEBACK, "0") not in ("", "0"):
        terminal.traceback(_trace(cause))
    terminal.error(shown)
    return shown.exit_code


def _unexpected(problem: Exception) -> AukitError:
    """A fault of aukit's or of a plugin's: a short message, and the traceback in a file of its own."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="aukit-error-", suffix=".log", delete=False
    ) as log:
        log.write(f"{' '.join(sys.argv)}\n\n{_trace(problem)}")
    return AukitError(
        f"unexpected {type(problem).__name__}: {problem}",
        hint=f"the traceback is in {log.name}; {TRACEBACK}=1 prints it",
    )


def _trace(problem: BaseException) -> str:
    return "".join(traceback.format_exception(problem))
