"""Files that are no videos, or not whole ones: what can be had comes first, then an error in words."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aukit.contracts.data import Recording
from aukit.errors import DataError
from aukit.ingest.containers import cut_off
from aukit.ingest.video import pictures, probe
from aukit.testing.video import write_video

FRAMES = 40


def read(path: Path) -> tuple[int, DataError | None]:
    """How many pictures came, and the error behind them."""
    count = 0
    try:
        for _ in pictures(Recording(video="v", subject="s", path=path)):
            count += 1
    except DataError as error:
        return count, error
    return count, None


def noise(frames: int = FRAMES) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (frames, 48, 64, 3)).astype(np.uint8)


def index_first(source: Path, target: Path) -> None:
    """The same packets in a file whose index stands before them, as for the web."""
    with av.open(str(source)) as old, av.open(str(target), "w", options={"movflags": "faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The bytes of a video in a container."""
    folder, made = tmp_path_factory.mktemp("whole"), {}

    def of(kind: str) -> bytes:
        if kind not in made:
            name = kind.removeprefix("fast-")
            path = folder / f"{kind}.{name}"
            if name == kind:
                codec = "mpeg4" if name == "avi" else "libx264"
                write_video(path, noise(), codec=codec, options={"g": "10"})
            else:
                of(name)
                index_first(folder / f"{name}.{name}", path)
            assert read(path) == (FRAMES, None)
            made[kind] = path.read_bytes()
        return made[kind]

    return of


@pytest.mark.parametrize("kind", ["mp4", "fast-mp4", "mov", "mkv", "avi"])
@given(share=st.floats(0, 0.999))
@settings(max_examples=25)
@example(share=0.5)
def test_a_cut_file_gives_what_it_has_and_says_so(tmp_path_factory, whole, kind, share):
    path = tmp_path_factory.getbasetemp() / f"cut.{kind[-3:]}"
    path.write_bytes(whole(kind)[: int(share * len(whole(kind)))])
    count, error = read(path)
    assert error is not None and error.where == str(path)
    if count:
        assert error.message.startswith(f"truncated after {count} frames: the file ends")
        assert error.data["frames"] == count
    else:
        assert error.message.startswith(("truncated", "not a video", "no video stream", "no frames"))


def test_half_a_file_says_how_much_it_lacks(tmp_path, whole):
    data = whole("mkv")
    path = tmp_path / "half.mkv"
    path.write_bytes(data[: len(data) // 2])
    count, error = read(path)
    assert 5 < count < 35 and error
    assert error.message == (
        f"truncated after {count} frames: the file ends {len(data) - len(data) // 2} bytes too early"
    )


def test_a_recording_that_was_never_finished_lacks_its_index(tmp_path, whole):
    data = whole("mp4")
    path = tmp_path / "open.mp4"
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(DataError, match="truncated: the file ends before its index"):
        probe(path)


@given(data=st.binary(max_size=300), kind=st.sampled_from(["", "mp4", "mkv", "avi"]))
def test_rubbish_is_no_video_and_no_traceback(tmp_path_factory, whole, data, kind):
    path = tmp_path_factory.getbasetemp() / "rubbish.mp4"
    path.write_bytes((whole(kind)[:100] if kind else b"") + data)
    count, error = read(path)
    assert count == 0 and error


@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["mp4", "mkv", "avi"]), size=st.integers(1, 3000))
@settings(max_examples=40)
def test_damage_is_survived(tmp_path_factory, whole, seed, kind, size):
    rng = np.random.default_rng(seed)
    data = bytearray(whole(kind))
    start = int(rng.integers(0, len(data) - size))
    data[start : start + size] = rng.bytes(size)
    path = tmp_path_factory.getbasetemp() / f"damaged.{kind}"
    path.write_bytes(data)
    count, error = read(path)
    assert count or error


def test_a_damaged_middle_is_named(tmp_path, whole):
    data = bytearray(whole("mp4"))
    start = data.index(b"mdat") + 4 + len(data) // 3
    data[start : start + 2000] = b"\xff" * 2000
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    count, error = read(path)
    assert 0 < count < FRAMES and error
    assert error.message.startswith(f"damaged after {count} frames: Invalid data found")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("text.mp4", b"frame,intensity\n1,0\n", "not a video"),
        ("empty.mp4", b"", "not a video: the file is empty"),
        ("zeros.avi", bytes(5000), "not a video"),
    ],
)
def test_what_is_no_video(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    count, error = read(path)
    assert (count, error and error.message) == (0, sentence)


def test_what_is_not_there(tmp_path):
    assert "there is no such file" in str(read(tmp_path / "none.mp4")[1])
    assert "this is a folder" in str(read(tmp_path)[1])


def sound_file(path: Path, *, cover: bool = False, video: bool = False) -> Path:
    """A tone, perhaps with a cover picture or with a video stream that has no frames."""
    with av.open(str(path), "w") as file:
        sound: Any = file.add_stream("aac", rate=16_000, layout="mono")
        if cover or video:
            stream: Any = file.add_stream("mjpeg" if cover else "mpeg4", rate=25)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if cover else "yuv420p"
        if cover:
            stream.disposition = av.stream.Disposition.attached_pic
            file.mux(stream.encode(av.VideoFrame.from_ndarray(noise(1)[0], format="rgb24")))
            file.mux(stream.encode())
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        tone.sample_rate = 16_000
        file.mux(sound.encode(tone))
        file.mux(sound.encode())
    return path


def test_sound_alone_is_no_video_stream(tmp_path):
    assert "no video stream" in str(read(sound_file(tmp_path / "a.mp4"))[1])
    assert "no video stream" in str(read(sound_file(tmp_path / "cover.mp4", cover=True))[1])


def test_a_video_stream_without_frames(tmp_path):
    path = sound_file(tmp_path / "none.mkv", video=True)
    assert "no frames" in str(read(path)[1])
    with pytest.raises(DataError, match="no frames"):
        probe(path)


def test_what_a_recorder_left_open_is_not_missing(tmp_path, whole):
    """Matroska written to a pipe has no sizes; boxes and RIFF lists of length 0 go on to the end."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with av.open(pipe, "w", format="matroska") as file:
        stream: Any = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for picture in noise(5):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    path = tmp_path / "live.mkv"
    path.write_bytes(pipe.data)
    assert (read(path), cut_off(path)) == ((5, None), "")
    box = bytearray(whole("fast-mp4"))
    start = box.index(b"mdat") - 4
    box[start : start + 4] = bytes(4)
    path.write_bytes(box)
    assert cut_off(path) == ""
    path.write_bytes(whole("mp4") + b"\0\0\x10\0made by a camera")
    assert (read(path), cut_off(path)) == ((FRAMES, None), "")
    avi = bytearray(whole("avi"))
    avi[4:8] = bytes(4)
    path.write_bytes(avi)
    assert cut_off(path) == ""


def test_sizes_of_64_bits_and_lists_behind_lists(tmp_path):
    path = tmp_path / "a"
    large = b"\0\0\0\1mdat" + (24).to_bytes(8, "big")
    index = b"\0\0\0\x08moov"
    path.write_bytes(index + large + bytes(8))
    assert cut_off(path) == ""
    path.write_bytes(index + large + bytes(5))
    assert cut_off(path) == "the file ends 3 bytes too early"
    riff = b"RIFF\x08\0\0\0AVI \0\0\0\0" + b"RIFF\x08\0\0\0AVIX\0\0\0\0"
    path.write_bytes(riff)
    assert cut_off(path) == ""
    path.write_bytes(riff[:-3])
    assert cut_off(path) == "the file ends 3 bytes too early"
    path.write_bytes(b"GIF89a")
    assert cut_off(path) == ""
