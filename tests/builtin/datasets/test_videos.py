"""Own videos: manifest, labels, and what happens where they and the folder do not agree."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import trees
from hypothesis import given
from hypothesis import strategies as st

from aukit.builtin.datasets.videos import OwnVideos
from aukit.contracts.schema import Split
from aukit.errors import DataError
from aukit.ingest.reading.label_table import read_labels
from aukit.ingest.reading.manifest import read_manifest
from aukit.ingest.reading.video_names import VideoNames
from aukit.testing.component import check_component

NAMES = ("a.mp4", "day 2/b.avi", "day 2/c.MOV")


@pytest.fixture
def names(tmp_path: Path) -> VideoNames:
    return VideoNames(tmp_path, [tmp_path / name for name in NAMES])


def test_a_folder_with_manifest_and_labels(tmp_path: Path) -> None:
    data = OwnVideos()
    a, b, c = data.recordings(trees.videos(tmp_path))
    assert [(one.video, one.subject, one.session) for one in (a, b, c)] == [
        ("a", "P1", "1"),
        ("day 2/b", "P2", ""),
        ("day 2/c", "P1", "2"),
    ]
    assert b.path == tmp_path / "day 2" / "b.avi"
    assert a.first_frame == 1
    schema = data.schema
    assert (schema.aus, schema.subjects, schema.private) == (("AU04", "AU12"), ("P1", "P2"), True)
    assert schema.splits == {"manifest": (Split(train=("P1",), test=("P2",)),)}
    labels = a.labels()
    assert labels.frame.tolist() == [1, 3]
    assert np.array_equal(labels.intensity, [[np.nan, 2.5], [5, 0]], equal_nan=True)
    assert b.labels().frame.tolist() == [1]
    assert c.labels is None
    assert data.notes == ()


def test_its_contract(tmp_path: Path) -> None:
    check_component("dataset/videos", options={"root": trees.videos(tmp_path)}, first_frame=0)


def test_a_folder_of_videos_alone(tmp_path: Path) -> None:
    for name in ("b/2.mp4", "a.MOV", "b/10.mkv", "notes.txt"):
        trees.write(tmp_path / name)
    data = OwnVideos()
    found = data.recordings(tmp_path)
    assert [(one.video, one.subject, one.labels) for one in found] == [
        ("a", "", None),
        ("b/10", "", None),
        ("b/2", "", None),
    ]
    assert (data.schema.aus, data.schema.subjects, data.schema.splits) == ((), (), {})
    assert "no manifest" in data.notes[0]


def test_no_videos_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no video files found") as caught:
        OwnVideos().recordings(tmp_path)
    assert caught.value.hint.endswith("found: nothing")


def test_files_that_differ_in_their_suffix_alone_keep_it(tmp_path: Path) -> None:
    trees.write(tmp_path / "a.mp4")
    trees.write(tmp_path / "a.mov")
    trees.write(tmp_path / "b.mp4")
    assert [one.video for one in OwnVideos().recordings(tmp_path)] == ["a.mov", "a.mp4", "b"]
    trees.write(tmp_path / "labels.csv", "video,frame,AU4\na,1,0\n")
    with pytest.raises(DataError, match=r"`a` may be any of a\.mov, a\.mp4"):
        OwnVideos().recordings(tmp_path)


def test_tables_may_be_elsewhere_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = trees.videos(tmp_path / "videos")
    (root / "labels.csv").rename(tmp_path / "coded.csv")
    (root / "manifest.csv").rename(root / "who.csv")
    monkeypatch.chdir(tmp_path)
    data = OwnVideos(manifest="who.csv", labels="coded.csv")
    assert len(data.recordings(Path("videos"))) == 3
    assert data.schema.aus == ("AU04", "AU12")
    with pytest.raises(DataError, match="no such file or folder"):
        OwnVideos(labels="absent.csv").recordings(root)


@pytest.mark.parametrize(
    "text",
    [
        "video,subject,session,split\na,P1,1,train\nb.avi,P2,,test\nday 2/c,P1,2,\n",
        "\ufeffSplit;SESSION;Video;Subject\r\ntrain;1;A.MP4;P1\r\n\r\ntest;;day 2\\b;P2\r\n;2;c;P1;;\r\n",
        "subject\tvideo\tsession\tsplit\nP1\t./a.mp4\t1\tTRAIN\n# P9\tz\nP2\t day 2/b.avi \t\ttest\nP1\tc.mov\t2\t\n",
        '"video","subject","session","split"\n"a","P1","1","train"\n"b","P2","","test"\n"c","P1","2",""\n',
    ],
)
def test_a_manifest_as_people_save_it(tmp_path: Path, names: VideoNames, text: str) -> None:
    entries, notes = read_manifest(trees.write(tmp_path / "m.csv", text), names)
    assert [(one.video, one.subject, one.session, one.part) for one in entries] == [
        ("a", "P1", "1", "train"),
        ("day 2/b", "P2", "", "test"),
        ("day 2/c", "P1", "2", ""),
    ]
    assert notes == ()


MANIFESTS = [
    ("", None, "an empty table", ""),
    ("subject\nP1\n", 1, "there is no column `video`", "its columns are `subject`"),
    ("vidoe,subject\na,P1\n", 1, "no column `vidoe` is known", "did you mean `video`?"),
    ("video,subjct\na,P1\n", 1, "no column `subjct` is known", "did you mean `subject`?"),
    ("video,Video\na,a\n", 1, "the column `video` is there twice", ""),
    ("video,subject\na\n", 2, "1 cells, but 2 columns", "quotation marks"),
    ("video,subject\na,P1,x\n", 2, "3 cells, but 2 columns", ""),
    ("video,subject\n,P1\n", 2, "no video is named", ""),
    ("video,subject\na,P1\nbb,P2\n", 3, "there is no video `bb`", ""),
    ("video\nx\ny\na\n", 2, r"there is no video `x` .*and 1 more rows", ""),
    ("video,subject\na,P1\nb,P2\nA.mp4,P1\n", 4, "video `a` is there twice, first in line 2", ""),
    ("video,subject,split\na,P1,trian\n", 2, "there is no part `trian`", "did you mean `train`?"),
    ("video,subject\n", None, "the manifest names no video", ""),
    ('video,subject\n"a,P1\n', 2, "cannot be read as a table", ""),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), MANIFESTS)
def test_a_bad_manifest_is_told_with_its_line(
    tmp_path: Path, names: VideoNames, text: str, line: int | None, message: str, hint: str
) -> None:
    file = trees.write(tmp_path / "m.csv", text)
    with pytest.raises(DataError, match=message) as caught:
        read_manifest(file, names)
    assert caught.value.where == (f"{file}:{line}" if line else str(file))
    assert hint in caught.value.hint


def test_one_subject_in_two_splits_names_both_lines(tmp_path: Path) -> None:
    trees.videos(tmp_path)
    file = trees.write(tmp_path / "manifest.csv", "video,subject,split\na,P1,train\nb,P2,train\nc,P1,test\n")
    with pytest.raises(DataError, match="subject P1 is in test here and in train in line 2") as caught:
        OwnVideos().recordings(tmp_path)
    assert caught.value.where == f"{file}:4"


def test_a_part_for_nobody_is_refused(tmp_path: Path) -> None:
    trees.videos(tmp_path)
    trees.write(tmp_path / "manifest.csv", "video,subject,split\na,,train\n")
    with pytest.raises(DataError, match="`train` is said of a video without a subject"):
        OwnVideos().recordings(tmp_path)


def test_what_the_manifest_does_not_name_is_left_out_and_told(tmp_path: Path) -> None:
    trees.videos(tmp_path)
    trees.write(tmp_path / "manifest.csv", "video,subject,age\na,P1,31\n")
    data = OwnVideos()
    assert [one.video for one in data.recordings(tmp_path)] == ["a"]
    assert data.notes == (
        "the manifest does not name day 2/b, day 2/c: left out",
        "manifest.csv: the column `age` is not read",
        "labels of videos that the manifest does not name: day 2/b",
    )
    assert data.schema.splits == {}


@pytest.mark.parametrize(
    "text",
    [
        "video,frame,AU04,AU12,AU25\na,3.0,0,2.5,\na,10,5,,1\nday 2/b,0,,,0.25\n",
        "\ufeffAU_12;au25;VIDEO;Frame;au 4\r\n;1;a.mp4;10;5\r\n2,5;;A;3;0\r\n\r\nNA;0,25;b.avi;0;NaN\r\n",
        "frame\tau12\tau4\tAU-25\tvideo\tcoder\n3\t2.5\t0\t\ta\tmk\n10\t\t5\t1.0\ta\tmk\n0\t\t\t2.5e-1\tb\tmk\n",
    ],
)
def test_labels_as_people_save_them(tmp_path: Path, names: VideoNames, text: str) -> None:
    labels = read_labels(trees.write(tmp_path / "l.csv", text), names)
    assert labels.aus == ("AU04", "AU12", "AU25")
    assert labels.videos["a"].frame.tolist() == [3, 10]
    assert np.array_equal(labels.videos["a"].intensity, [[0, 2.5, np.nan], [5, np.nan, 1]], equal_nan=True)
    assert labels.videos["day 2/b"].frame.tolist() == [0]
    assert np.array_equal(labels.videos["day 2/b"].intensity, [[np.nan, np.nan, 0.25]], equal_nan=True)
    assert labels.notes in ((), ("l.csv: the column `coder` is not read",))


def test_labels_at_times(tmp_path: Path, names: VideoNames) -> None:
    file = trees.write(tmp_path / "l.csv", "video,Time,AU4\na,1.5,1\na,0.04,2\n")
    labels = read_labels(file, names).videos["a"]
    assert labels.frame is None
    assert labels.seconds is not None
    assert labels.seconds.tolist() == [0.04, 1.5]
    assert labels.intensity.tolist() == [[2], [1]]
    both = trees.write(tmp_path / "l.csv", "timestamp,video,frame,AU4\n9.0,a,4,1\n")
    assert read_labels(both, names).videos["a"].frame.tolist() == [4]


LABELS = [
    ("video,AU4\na,1\n", 1, "neither frames nor times are given", "add one"),
    ("video,frame\na,1\n", 1, "no column is an AU", "`AU04`"),
    ("video,frame,AU4,au_04\na,1,1,1\n", 1, "`au_04` and `AU4` are both AU04", ""),
    ("video,frame,AU12_c\na,1,1\n", 1, "`AU12_c` is no AU", ""),
    ("video,frame,AUO4\na,1,1\n", 1, "`AUO4` is no AU", ""),
    ("video,frmae,AU4\na,1,1\n", 1, "no column `frmae` is known", "did you mean `frame`?"),
    (
        "video,frame,AU4\na,1,1\nday,1,1\n",
        3,
        "there is no video `day`",
        "did you mean `day 2/c` or `day 2/b`",
    ),
    ("video,frame,AU4\na,1,6\n", 2, "AU4 is 6: no intensity", "0 to 5"),
    ("video,frame,AU4\na,1,9\n", 2, "AU4 is 9: no intensity", "blank"),
    ("video,frame,AU4\na,1,-1\n", 2, "AU4 is -1: no intensity", ""),
    ("video,frame,AU4\na,1,x\n", 2, "AU4 is `x`: no number", ""),
    ("video,frame,AU4\na,1,inf\n", 2, "AU4 is `inf`: no number", ""),
    ("video,frame,AU4\na,1.5,1\n", 2, "`1.5` is no frame", ""),
    ("video,frame,AU4\na,-2,1\n", 2, "`-2` is no frame", ""),
    ("video,frame,AU4\na,0,1\n", 2, "there is no frame 0", "first_frame = 0"),
    ("video,time,AU4\na,-0.5,1\n", 2, "`-0.5` is no time", ""),
    ("video,time,AU4\na,,1\n", 2, "`` is no time", ""),
    (
        "video,frame,AU4\na,1,1\nb,1,1\na,01,2\n",
        4,
        "frame 1 of `a` is labelled twice, first in line 2",
        "mean",
    ),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), LABELS)
def test_bad_labels_are_told_with_their_line(
    tmp_path: Path, names: VideoNames, text: str, line: int, message: str, hint: str
) -> None:
    file = trees.write(tmp_path / "l.csv", text)
    with pytest.raises(DataError, match=message) as caught:
        read_labels(file, names, first_frame=1)
    assert caught.value.where == f"{file}:{line}"
    assert hint in caught.value.hint


ANYTHING = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(["video", "frame", "time", "AU4", "a", "b", "1", "0.5", "9", ",", ",", "\n", '"', ";", "#"])
    ).map(lambda words: "".join(words).encode()),
    st.text("a1,;.\n\"", max_size=60).map(lambda text: b"video,frame,AU4\n" + text.encode()),
)  # fmt: skip


@given(ANYTHING)
def test_any_bytes_are_a_table_or_an_error(tmp_path_factory, content: bytes) -> None:
    root = tmp_path_factory.mktemp("any")
    names = VideoNames(root, [root / "a.mp4", root / "b.mp4"])
    file = root / "x.csv"
    file.write_bytes(content)
    for read in (read_labels, read_manifest):
        try:
            found = read(file, names)
        except DataError as error:
            assert str(file) in error.where
        else:
            if read is read_labels:
                for labels in found.videos.values():
                    known = labels.intensity[~np.isnan(labels.intensity)]
                    assert ((known >= 0) & (known <= 5)).all()
                    rows = labels.frame if labels.frame is not None else labels.seconds
                    assert (np.diff(rows) > 0).all()


CELLS = st.one_of(st.none(), st.integers(0, 500).map(lambda cents: cents / 100))


@given(
    rows=st.dictionaries(
        st.tuples(st.sampled_from(NAMES), st.integers(0, 10**6)), st.tuples(CELLS, CELLS, CELLS), min_size=1
    ),
    order=st.permutations(["video", "frame", "AU1", "au_04", "Au12"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from([".", ","]),
    random=st.randoms(),
)
def test_generated_labels_are_read_exactly(tmp_path_factory, rows, order, delimiter, decimal, random) -> None:
    root = tmp_path_factory.mktemp("labels")
    names = VideoNames(root, [root / name for name in NAMES])
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=random.choice(["\n", "\r\n"]))
    writer.writerow([random.choice([name, name.upper()]) for name in order])
    written = list(rows.items())
    random.shuffle(written)
    for (video, frame), values in written:
        said = random.choice(
            [video, video.upper(), Path(video).name, Path(video).stem, video.replace("/", "\\")]
        )
        cells = {"video": said, "frame": str(frame)}
        for column, value in zip(["AU1", "au_04", "Au12"], values, strict=True):
            text = "" if value is None else f"{value:.2f}"
            cells[column] = text.replace(".", decimal) if delimiter != "," else text
        writer.writerow([cells[name] for name in order])
    file = root / "labels.csv"
    file.write_text(random.choice(["", "\ufeff"]) + out.getvalue(), newline="", encoding="utf-8")
    labels = read_labels(file, names)
    assert labels.aus == ("AU01", "AU04", "AU12")
    read = {
        (video, frame): tuple(cells)
        for video, found in labels.videos.items()
        for frame, cells in zip(found.frame.tolist(), found.intensity, strict=True)
    }
    short = {name: str(Path(name).with_suffix("")) for name in NAMES}
    assert set(read) == {(short[video], frame) for video, frame in rows}
    for (video, frame), values in rows.items():
        expected = np.array([np.nan if value is None else value for value in values], np.float32)
        assert np.array_equal(read[short[video], frame], expected, equal_nan=True)
