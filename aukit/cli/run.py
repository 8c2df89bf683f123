"""`aukit run`: everything from a recipe to a report."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from aukit.cli import options, terminal
from aukit.errors import UsageError

EPILOG = options.examples(
    "aukit run recipes/quickstart.toml",
    "aukit run recipes/disfa_2pct.toml --data-root /data --set stages.finetune.steps=5000",
    "aukit run recipes/disfa_2pct.toml --stand-in --smoke",
    "aukit run recipes/quickstart.toml --out runs/first --resume",
    "aukit run paper/table2 --stand-in --smoke --jobs 2",
    then="aukit predict STORE.h5 --run RUN --out tracks.csv",
)


def run(
    recipe: options.Recipe,
    overrides: options.Overrides = None,
    ablate: options.Ablations = None,
    stand_in: options.StandIn = False,
    smoke: options.Smoke = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The run folder itself. Default: runs/RECIPE/TIME_DIGEST; of a suite runs/SUITE.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; a suite always does.")
    ] = False,
    device: options.Device = None,
    data_root: options.DataRoot = None,
    jobs: Annotated[
        int, typer.Option(metavar="N", min=1, help="Of a suite: runs at a time, a process each.")
    ] = 1,
    rerun_stale: Annotated[
        bool,
        typer.Option(
            "--rerun-stale", help="Of a suite: make runs whose recipe has changed again; the old are kept."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, trained and written, and stop.")
    ] = False,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
    as_json: options.Json = False,
) -> None:
    """Make or read the data, train, evaluate on people never seen, and write a run folder with its report.

    Of a suite, make the runs that are not there yet and show the table that they fill.
    """
    registry = options.load_registry(no_plugins, plugin)

    from aukit.suites.load import Options, is_suite_file

    if is_suite_file(recipe, registry):
        from aukit.cli import suite
        from aukit.suites.jobs import Plugins

        if "TORCHELASTIC_RUN_ID" in os.environ:
            raise UsageError(
                "this is a suite of runs, and `torchrun` starts the processes of one run",
                where=recipe,
                hint="`aukit run SUITE --jobs N` makes N runs at a time",
            )

        suite.run(
            recipe,
            Options(
                overrides=overrides or (),
                ablations=ablate or (),
                smoke=smoke,
                stand_in=stand_in,
                data_root=data_root,
                device=device,
            ),
            registry=registry,
            plugins=Plugins(installed=not no_plugins, files=tuple(plugin or ())),
            out=out,
            jobs=jobs,
            rerun_stale=rerun_stale,
            dry_run=dry_run,
            as_json=as_json,
        )
        return
    if jobs > 1 or rerun_stale:
        raise UsageError(
            "this is the recipe of one run, and `--jobs` and `--rerun-stale` are for suites of runs",
            where=recipe,
            hint="`aukit recipes list` shows which of the shipped ones are suites",
        )
    if dry_run:
        from aukit.recipe import load_recipe
        from aukit.training.distributed import session, together
        from aukit.training.plan import plan

        with session() as main:
            facts = together(
                lambda: plan(
                    load_recipe(
                        recipe,
                        overrides=overrides or (),
                        ablations=ablate or (),
                        smoke=smoke,
                        stand_in=stand_in,
                        data_root=data_root,
                        device=device,
                        registry=registry,
                    ),
                    registry=registry,
                    out=out,
                )
            )
        if main:
            terminal.document(facts) if as_json else terminal.facts(facts)
        return

    from aukit.run import run_recipe
    from aukit.training.distributed import session

    with session() as main, terminal.watch() if main else nullcontext(terminal.RunView()) as view:
        result = run_recipe(
            recipe,
            overrides=overrides or (),
            ablations=ablate or (),
            out=out,
            resume=resume,
            device=device,
            smoke=smoke,
            stand_in=stand_in,
            data_root=data_root,
            registry=registry,
            on_event=view.on,
        )
    if not main:
        return
    if as_json:
        terminal.document({"folder": str(result.folder), **result.summary})
        return
    scores(result.folder)


def scores(folder: Path) -> None:
    """The table of a finished run: each AU with interval, baseline and verdict, then the means."""
    from aukit.evaluation.baselines import INTERPOLATE, LEFT_OUT
    from aukit.evaluation.result import AUResult, Evaluation, Score
    from aukit.rundir.atomic import read_json
    from aukit.rundir.layout import RunFolder

    layout = RunFolder(folder)
    if not layout.results.exists():
        terminal.out(f"nothing was judged; the run is in {folder}")
        return
    evaluation = Evaluation.from_json(read_json(layout.results))

    def interval(score: Score) -> str:
        known = score.low == score.low or score.high == score.high
        return f"{terminal.number(score.low)} .. {terminal.number(score.high)}" if known else "-"

    # the guesses that stand beside each metric; one more for each would be too wide for a terminal
    lines = {INTERPOLATE: "(lines)"} if evaluation.same_people else {}
    beside = {"mae": {"predict-mean": "(mean)"}, "mse": {"predict-mean": "(mean)", **lines}}

    def row(name: str, scores: Any, baselines: Any, verdict: str) -> list[str]:
        cells = [name, terminal.number(scores["icc"].value), interval(scores["icc"])]
        cells += [terminal.number(baselines[guess]["icc"]) for guess in lines]
        for metric, guesses in beside.items():
            cells.append(terminal.number(scores[metric].value))
            cells += [terminal.number(baselines[guess][metric]) for guess in guesses]
        return [*cells, verdict]

    def of(result: AUResult) -> list[str]:
        return row(result.au, result.scores, result.baselines, result.verdict)

    columns = ["AU", "ICC", f"{evaluation.confidence:.0%} interval", *lines.values()]
    for metric, guesses in beside.items():
        columns += [metric.upper(), *guesses.values()]
    columns.append("verdict")
    rows = [of(result) for result in evaluation.aus]
    rows.append(row("mean", evaluation.means, evaluation.baseline_means, ""))
    if evaluation.same_people:
        terminal.out("SAME PEOPLE: tested on other stretches of the videos of people who were trained on")
        terminal.out()
    terminal.table(columns, rows, right=columns[1:-1])
    terminal.out()
    whom = f"{evaluation.people} {read_json(layout.summary)['split']} people"
    if evaluation.same_people:
        whom = f"same people: {evaluation.blocks} blocks of the videos of {evaluation.people}"
    terminal.out(
        f"{whom}, {evaluation.frames} frames, data: {evaluation.origin}; "
        "(mean): a guess that knows only the mean of the training labels"
        + ("; (lines): straight lines in time between them" if evaluation.same_people else "")
    )
    if evaluation.same_people:
        near = evaluation.baseline_means[LEFT_OUT]
        terminal.out(
            "lines between training labels as near as they are, each left out in turn: "
            f"mean ICC {terminal.number(near['icc'])}, MAE {terminal.number(near['mae'])}, "
            f"MSE {terminal.number(near['mse'])}"
        )
    terminal.out(f"report: {layout.report}")
