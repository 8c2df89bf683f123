"""`compare_runs`: from folders to a comparison, or to the reasons why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from aukit.compare import checks, published
from aukit.compare.accuracy import accuracy_of, predictions
from aukit.compare.distributions import distributions
from aukit.compare.frames import read_tested
from aukit.compare.intensity import contenders, score
from aukit.compare.labels import labels_of
from aukit.compare.planned import Suite, read_suite
from aukit.compare.result import Arm, Comparison, SuiteState
from aukit.compare.runs import Run, read_run
from aukit.compare.variants import Group, choose, group_runs
from aukit.errors import UsageError
from aukit.evaluation.predictions import Floats
from aukit.rundir.suite import Shows, is_suite


def compare_runs(
    *folders: str | Path,
    against: str = "",
    shows: Shows | None = None,
    force: bool = False,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Comparison:
    """Compare finished runs, or the runs of one suite.

    Runs that differ by fold, seed and machine alone are one variant. Scores are pooled over the test frames of all
    folds and averaged over seeds; intervals are bootstrap-t over people, who are drawn with all their frames, the
    same ones for every seed and variant.

    Args:
        folders: run folders, or one folder of a suite.
        against: the variant from which differences are taken: its name, or a folder of one of its runs. By default
            the first.
        shows: "intensity" of test people, the accuracy of "prediction" after pre-training, or the "labels" by level.
            By default what the suite says, or what the runs have.
        force: compare although the runs do not belong into one table. The result says why in `forced`.
        resamples: of the bootstrap.
        confidence: of the intervals.

    Raises:
        UsageError: the runs do not belong into one table, with what differs in which runs; or `against` names none.
        RunFolderError: a folder holds no run, or no run of the suite is finished.
        DataError: a run was not judged, or a file of it is damaged.
    """
    paths = [Path(folder) for folder in folders]
    suites = [path for path in paths if is_suite(path)]
    if suites and len(paths) > 1:
        raise UsageError(
            "a suite is compared alone",
            where=str(suites[0]),
            hint="name its run folders to mix them with others",
        )
    if not paths:
        raise UsageError("no run is named", hint="name run folders, or the folder of a suite")
    if suites:
        suite = read_suite(paths[0])
        shows = shows or suite.plan.shows
        folds = _folds(suite)
        groups, notes, reasons = _complete(suite.groups, folds)
        if not groups:
            raise UsageError(
                "no variant has all folds of a seed yet" + "".join(_lacking(suite.groups, folds)),
                where=str(paths[0]),
                hint="the command that began the suite runs what is missing; single runs are compared by their folders",
            )
    else:
        suite, groups = None, group_runs([read_run(path) for path in paths])
        reasons = tuple(checks.unfinished(groups))
        if not force:
            checks.refuse(reasons)
        groups = _there([replace(g, runs=tuple(run for run in g.runs if run.finished)) for g in groups])
        shows = shows or _shown(groups)
        notes = ()
    table = _Table(groups, suite, shows, force, list(reasons), list(notes))
    if shows == "intensity":
        return table.intensity(against, resamples, confidence)
    if against:
        raise UsageError(f"a table of {shows} has no differences", where="--against", hint="leave it out")
    return table.other()


class _Table:
    """One comparison under way."""

    def __init__(
        self,
        groups: Sequence[Group],
        suite: Suite | None,
        shows: Shows,
        force: bool,
        reasons: list[str],
        notes: list[str],
    ) -> None:
        self.groups, self.suite, self.shows, self.force = tuple(groups), suite, shows, force
        self.reasons, self.notes = reasons, notes

    def intensity(self, against: str, resamples: int, confidence: float) -> Comparison:
        """Scores of test people."""
        base = choose(self.groups, against).name
        if not self.suite:
            self.groups, notes, reasons = _complete(self.groups, None)
            self.notes += notes
            self.reasons += reasons
        differs = self.suite.plan.differs if self.suite else ()
        self.reasons += checks.recorded(self.groups, differs=differs)
        self.groups = tuple(group.once() for group in self.groups)
        runs = [run for group in self.groups for run in group.runs]
        known: dict[bytes, Floats] = {}
        tested = {str(run): read_tested(run, known) for run in runs}
        self.reasons += checks.tested_alike(list(tested.values()))
        self._refuse()
        aus = _common([one.aus for one in tested.values()])
        rows = contenders(self.groups, tested)
        found = score(rows, aus, base, resamples=resamples, confidence=confidence)
        self.notes += found.notes
        by_name = {group.name: group for group in self.groups}
        arms = tuple(
            arm if arm.baseline else replace(arm, labels=labels_of(by_name[arm.name])) for arm in found.arms
        )
        comparison = self._comparison(arms)
        return replace(
            comparison,
            aus=aus,
            against=base,
            primary=self.suite.plan.primary if self.suite else "icc",
            people=found.people,
            frames=found.frames,
            labelled=found.labelled,
            folds=max(len(group.folds) for group in self.groups),
            confidence=confidence,
            resamples=resamples,
            undefined=found.undefined,
        )

    def other(self) -> Comparison:
        """The predictive task, or labels."""
        self.reasons += checks.recorded(self.groups, judged=False)
        self._refuse()
        return self._comparison(
            predictions(self.groups) if self.shows == "prediction" else distributions(self.groups)
        )

    def _refuse(self) -> None:
        if not self.force:
            checks.refuse(self.reasons)

    def _comparison(self, arms: tuple[Arm, ...]) -> Comparison:
        runs = [run for group in self.groups for run in group.runs]
        origins = sorted({run.origin for run in runs})
        plan = self.suite.plan if self.suite else None
        comparison = Comparison(
            title=plan.name
            if plan
            else ", ".join(dict.fromkeys(str(run.settings.get("name") or run) for run in runs)),
            shows=self.shows,
            origin=" and ".join(origins),
            protocol=runs[0].protocol,
            split=" and ".join(sorted({run.split for run in runs})),
            arms=arms,
            forced=tuple(self.reasons),
            notes=tuple(self.notes),
            suite=_state(self.suite) if self.suite else None,
        )
        judged = self.shows != "intensity" or comparison.split == "test"
        if plan and plan.published and origins == ["real"] and judged:
            methods = {group.name: group.published for group in self.groups}
            shown = frozenset.union(*(run.data_sets for run in runs))
            return _beside(comparison, plan.published, methods, shown)
        return comparison


def _beside(comparison: Comparison, table: str, methods: dict[str, str], shown: frozenset[str]) -> Comparison:
    """The printed numbers of the data sets `shown` beside each variant that has some, and the table's other rows."""
    printed = [row for row in published.numbers(table) if published.SAME_AS[row.data_set] & shown]
    accuracies = [row for row in published.accuracy(table) if published.SAME_AS[row.data_set] & shown]
    arms = []
    for arm in comparison.arms:
        name = methods.get(arm.name, "")
        mine = {row.metric: row for row in printed if name and row.method == name}
        accuracy = next((row for row in accuracies if name and row.data_set == name), None)
        arms.append(replace(arm, published=mine, published_accuracy=accuracy))
    others = tuple(row for row in printed if row.method not in methods.values())
    return replace(comparison, arms=tuple(arms), published=others)


def _complete(
    groups: Sequence[Group], folds: tuple[int, ...] | None
) -> tuple[tuple[Group, ...], tuple[str, ...], tuple[str, ...]]:
    """The variants with the seeds that have all folds; notes on what was left out, and reasons not to compare.

    A suite plans its folds, and a variant that has no seed with all of them waits. Runs by themselves must match.
    """
    kept, notes, reasons = [], [], []
    if folds is None:
        reasons = checks.same_folds(groups)
    for group in groups:
        wanted = folds or group.folds
        whole = [seed for seed in group.seeds if all(group.at(fold, seed) for fold in wanted)]
        lost = [seed for seed in group.seeds if seed not in whole]
        if lost:
            some = f"{'seeds' if len(lost) > 1 else 'seed'} {', '.join(map(str, lost))}"
            notes.append(f"{group.title}: {some} left out, not all folds are finished")
        if whole:
            kept.append(replace(group, runs=tuple(run for run in group.runs if run.seed in whole)))
        elif folds is None:
            raise UsageError(
                f"no seed of `{group.title}` has all its folds: {', '.join(map(str, wanted))}",
                hint="run the missing folds with one seed, or compare one fold",
            )
    seeds = {group.seeds for group in kept}
    if len(seeds) > 1:
        said = "; ".join(f"{group.title}: {', '.join(map(str, group.seeds))}" for group in kept)
        notes.append(f"variants have other seeds: {said}")
    return tuple(kept), tuple(notes), tuple(reasons)


def _folds(suite: Suite) -> tuple[int, ...]:
    return tuple(sorted({run.fold for run in suite.plan.runs if not run.tuning}))


def _lacking(groups: Sequence[Group], folds: Sequence[int]) -> Iterator[str]:
    for group in groups:
        for seed in group.seeds:
            lost = [str(fold) for fold in folds if not group.at(fold, seed)]
            yield f"\n  {group.title}, seed {seed}: fold {', '.join(lost)} is not finished"


def _there(groups: Sequence[Group]) -> tuple[Group, ...]:
    kept = tuple(group for group in groups if group.runs)
    if not kept:
        raise UsageError("there is no finished run to compare", hint="wait until a run is finished")
    return kept


def _shown(groups: Sequence[Group]) -> Shows:
    """What runs by themselves have to show."""
    runs: list[Run] = [run for group in groups for run in group.runs]
    return "prediction" if not any(run.judged for run in runs) and accuracy_of(runs[0]) else "intensity"


def _common(aus: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    common = tuple(au for au in aus[0] if all(au in others for others in aus))
    if not common:
        raise UsageError("these runs have no AU in common", hint="compare runs that predict the same AUs")
    return common


def _state(suite: Suite) -> SuiteState:
    plan = suite.plan
    return SuiteState(
        name=plan.name,
        summary=plan.summary,
        hypothesis=plan.hypothesis,
        primary=plan.primary,
        written=plan.written,
        changes=plan.changes,
        planned=sum(not run.tuning for run in plan.runs),
        missing=suite.missing,
        failed=suite.failed,
        stale=suite.stale,
    )
