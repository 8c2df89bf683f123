"""Which video file a cell of a manifest or of a label file means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from aukit.errors import DataError, did_you_mean, nearest

SHOWN = 5
"""Names of videos in an error, where none is near."""


class VideoNames:
    """The video files of a folder, each under a name of its own: its path below the folder, without the suffix.

    Two files that differ in nothing but the suffix keep it.
    """

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        relative = {path.relative_to(root).as_posix(): path for path in files}
        bare: dict[str, int] = defaultdict(int)
        for name in relative:
            bare[_bare(name)] += 1
        self.paths = {name if bare[_bare(name)] > 1 else _bare(name): path for name, path in relative.items()}
        # A cell may say less than the whole: what it may say, from the most exact spelling to the loosest.
        self._spellings: list[tuple[Callable[[str], str], dict[str, list[str]]]] = []
        spells: tuple[Callable[[str], str], ...] = (str, str.casefold)
        for spell in spells:
            whole: dict[str, list[str]] = defaultdict(list)
            short: dict[str, list[str]] = defaultdict(list)
            for name, path in self.paths.items():
                written = path.relative_to(root).as_posix()
                for spelling in {spell(written), spell(_bare(written))}:
                    whole[spelling].append(name)
                for spelling in {spell(path.name), spell(_bare(path.name))}:
                    short[spelling].append(name)
            self._spellings += [(spell, whole), (spell, short)]
        self._root = root

    def find(self, cell: str, where: str) -> str:
        """The name of the video that `cell` means: its path or its file name, with or without suffix, in any case.

        Raises:
            DataError: there is none, or there are several.
        """
        said = _below(cell, self._root)
        for spell, names in self._spellings:
            found = names.get(spell(said), [])
            if len(found) == 1:
                return found[0]
            if found:
                raise DataError(
                    f"`{cell}` may be any of {', '.join(sorted(found)[:4])}",
                    where=where,
                    hint="write its path below the folder, with the suffix",
                )
        raise DataError(
            f"there is no video `{cell}` below {self._root}",
            where=where,
            hint=did_you_mean(cell, nearest(said, self.paths) or sorted(self.paths)[:SHOWN]),
        )


def _bare(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if PurePosixPath(name).suffix else name


def _below(cell: str, root: Path) -> str:
    """A cell as a path below `root`: forward slashes, no leading `./`, nothing of `root` itself."""
    said = cell.replace("\\", "/")
    prefix = root.as_posix().rstrip("/") + "/"
    if said.startswith(prefix):
        said = said[len(prefix) :]
    return str(PurePosixPath(said))
