"""`aukit plan`: what a recipe will cost on this machine, and what its labels can teach and test."""

from __future__ import annotations

from typing import Any

from aukit.cli import options, terminal

EPILOG = options.examples(
    "aukit plan recipes/own_videos.toml",
    "aukit plan recipes/disfa_2pct.toml --data-root /data --set data.disfa.fold=2",
    "aukit plan recipes/disfa_2pct.toml --stand-in --json",
    then="aukit run RECIPE",
)


def plan(
    recipe: options.Recipe,
    overrides: options.Overrides = None,
    ablate: options.Ablations = None,
    stand_in: options.StandIn = False,
    smoke: options.Smoke = False,
    device: options.Device = None,
    data_root: options.DataRoot = None,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
    as_json: options.Json = False,
) -> None:
    """Say what a run needs of disk and time, how many positives of each AU its label budget is likely to draw, and
    which AUs cannot be learnt or judged from them. Nothing is written.
    """
    registry = options.load_registry(no_plugins, plugin)

    from aukit.recipe import load_recipe
    from aukit.training.forecast import forecast
    from aukit.training.plan import plan as dry_run

    loaded = load_recipe(
        recipe,
        overrides=overrides or (),
        ablations=ablate or (),
        smoke=smoke,
        stand_in=stand_in,
        data_root=data_root,
        device=device,
        registry=registry,
    )
    cost = dry_run(loaded, registry=registry)
    labels = forecast(loaded, registry=registry)
    if as_json:
        terminal.document({**cost, "labels": labels})
        return
    _cost(cost)
    for stage, budgets in labels["stages"].items():
        terminal.out()
        terminal.out(f"labels of `{stage}`, over {labels['draws']} draws of its sampler")
        _budgets(budgets)
    if labels["evaluation"]:
        terminal.out()
        terminal.out("labels of the people who are judged")
        _judged(labels["evaluation"])
    terminal.out()
    for problem in labels["problems"]:
        terminal.warn(problem)
    if labels["unknown"]:
        names = ", ".join(f"`{name}`" for name in labels["unknown"])
        terminal.say(f"{names}: not made yet; which labels there are is known once they are, by `aukit run`")
    elif not labels["problems"]:
        terminal.say("every AU has the labels that learning and judging it takes")


def _cost(cost: dict[str, Any]) -> None:
    origins = sorted({table["origin"] for table in cost["data"].values()})
    disk = cost["disk_mb"]
    found = {
        "recipe": cost["recipe"],
        "data": ", ".join(origins),
        "device": cost["device"],
        "disk": f"{disk['data_to_make'] + disk['run']:,.0f} MB, of which {disk['data_to_make']:,.0f} are data to make",
        "time on this machine": terminal.clock(cost["seconds_estimated"]),
    }
    terminal.facts(found)
    columns = ("stage", "steps", "seconds a step", "time")
    rows = [
        [
            name,
            f"{stage.get('steps', 0):,}",
            f"{stage.get('seconds_a_step', 0):.2f}",
            terminal.clock(stage.get("seconds_estimated", 0)),
        ]
        for name, stage in cost["stages"].items()
    ]
    rows.append(["evaluation", "", "", terminal.clock(cost["evaluation"]["seconds_estimated"])])
    terminal.out()
    terminal.table(columns, rows, right=columns[1:])


def _budgets(budgets: dict[str, dict[str, Any]]) -> None:
    columns = (
        "AU",
        "labels",
        "positive",
        "drawn",
        "positive, expected",
        "at the least",
        "people showing it",
        "verdict",
    )
    rows = [
        [
            au,
            f"{row['labelled']:,}",
            f"{row['positives']:,}",
            f"{row['drawn']:,.0f}",
            f"{row['positives_drawn']:,.1f}",
            f"{row['positives_low']:,.0f}",
            f"{row['people']:.1f}",
            "cannot be learnt" if row["problem"] else "may do",
        ]
        for au, row in budgets.items()
    ]
    terminal.table(columns, rows, right=columns[1:-1])


def _judged(judged: dict[str, dict[str, Any]]) -> None:
    columns = ("AU", "labels", "positive", "people showing it", "verdict")
    rows = [
        [
            au,
            f"{row['labelled']:,}",
            f"{row['positives']:,}",
            f"{row['people_with_positives']} of {row['people']}",
            "cannot be judged" if row["problem"] else "can be judged",
        ]
        for au, row in judged.items()
    ]
    terminal.table(columns, rows, right=columns[1:-1])
