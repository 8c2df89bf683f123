"""What a face shows and when: intensities as functions of time in seconds, whatever the frame rate.

Time is cut into blocks of ten seconds. Each deals five expressions from a deck of twenty, which is shuffled
and goes round the people of one part of the split. So the first four people of a part, and the next four,
show every AU in their first ten seconds, at level 2 or more. Which AUs join in, how strongly, when and how
long is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.datasets.synthetic.facs import ALL_AUS, Array
from aukit.builtin.datasets.synthetic.people import Person, stream

BLOCK = 10.0
"""Seconds that one hand of cards lasts."""

HAND = 5
"""Expressions in a block."""

DISFA_SHARES: Mapping[str, float] = MappingProxyType(
    {
        "AU25": 0.352, "AU12": 0.235, "AU26": 0.191, "AU04": 0.188, "AU06": 0.149, "AU17": 0.099,
        "AU01": 0.067, "AU15": 0.060, "AU02": 0.056, "AU09": 0.055, "AU20": 0.035, "AU05": 0.021,
    }
)  # fmt: skip
"""Share of DISFA's 130,814 frames at level 1 or more, from the counts in Mavadati et al., DISFA: A
Spontaneous Facial Action Intensity Database, IEEE Trans. Affective Computing 2013. The renderer keeps the
order, not the figures: AUs are shown a little more often, so that few labels can still teach them."""


@dataclass(frozen=True)
class Card:
    """An expression: the AUs that lead it, those that may join, with their chance, and its seconds."""

    lead: tuple[str, ...]
    join: Mapping[str, float]
    seconds: tuple[float, float]
    speech: bool = False


_SMILE = Card(("AU12",), {"AU06": 0.60, "AU25": 0.50, "AU26": 0.12}, (2.2, 4.0))
_JOY = Card(("AU12", "AU06", "AU25"), {"AU26": 0.3}, (1.5, 3.6))
_SPEECH = Card(("AU25", "AU26"), {"AU12": 0.15, "AU04": 0.06, "AU20": 0.05}, (2.4, 4.0), speech=True)
_FROWN = Card(("AU04",), {"AU17": 0.22, "AU06": 0.10, "AU25": 0.15}, (1.4, 2.7))
DECK: tuple[Card, ...] = (
    *(_SMILE,) * 3,
    *(_JOY,) * 2,
    *(_SPEECH,) * 4,
    *(_FROWN,) * 3,
    Card(("AU17",), {"AU15": 0.35, "AU14": 0.15}, (1.6, 3.4)),
    Card(("AU17", "AU04"), {"AU15": 0.15}, (1.2, 2.6)),
    Card(("AU15",), {"AU17": 0.30}, (1.4, 2.8)),
    Card(("AU01", "AU04"), {"AU15": 0.55, "AU17": 0.35}, (1.4, 3.0)),
    Card(("AU01", "AU02"), {"AU05": 0.10}, (1.1, 2.4)),
    Card(("AU05", "AU02"), {"AU01": 0.55, "AU25": 0.75, "AU26": 0.65}, (0.7, 1.5)),
    Card(("AU09",), {"AU04": 0.55, "AU10": 0.50, "AU06": 0.30, "AU17": 0.25}, (1.9, 3.4)),
    Card(("AU20",), {"AU25": 0.55, "AU01": 0.20, "AU04": 0.20, "AU26": 0.15}, (1.0, 1.9)),
)
"""Twenty expressions. Each of DISFA's twelve AUs leads at least one."""

_TWITCHES = {
    "AU01": 1.2, "AU02": 1.8, "AU04": 1.4, "AU05": 0.35, "AU06": 1.5, "AU09": 1.0, "AU10": 0.7,
    "AU12": 1.5, "AU14": 1.0, "AU15": 1.0, "AU17": 1.2, "AU20": 0.9, "AU25": 1.8, "AU26": 1.5,
}  # fmt: skip
"""How often an AU is shown quite alone, in parts: without these an AU could be told by its company."""


@dataclass(frozen=True)
class Place:
    """A person's seat at the table of one part: part name, number in it, people in it."""

    part: str
    number: int
    people: int


@dataclass(frozen=True)
class Event:
    """One AU rising, holding and falling. Seconds; `peak` on 0-5; speech beats `rate` times a second."""

    au: int
    start: float
    onset: float
    hold: float
    offset: float
    peak: float
    sag: float
    rate: float = 0.0
    phase: float = 0.0

    def level(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Intensity at times (F,)."""
        since = t - self.start
        rise = _ease(since / self.onset)
        fall = _ease((since - self.onset - self.hold) / self.offset)
        sag = 1.0 - self.sag * np.clip((since - self.onset) / max(self.hold, 0.1), 0.0, 1.0)
        out: NDArray[np.float64] = self.peak * rise * (1.0 - fall) * sag
        if self.rate:
            out *= 0.60 + 0.40 * np.cos(2 * math.pi * self.rate * (since - self.onset) + self.phase)
        return out


def _ease(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.clip(x, 0.0, 1.0)
    out: NDArray[np.float64] = x * x * x * (x * (6.0 * x - 15.0) + 10.0)
    return out


class Tracks:
    """The intensities of one video, each block drawn from (seed, video, block) alone."""

    def __init__(self, seed: int, video: str, person: Person, place: Place, session: int) -> None:
        self.seed, self.video, self.person, self.place, self.session = seed, video, person, place, session
        self._blocks: dict[int, list[Event]] = {}
        rng = stream(seed, "blinks", video)
        # Two minutes' blinks at a time: the sequence goes on as far as anybody looks.
        self._blink_rng, self._blinks = rng, [float(rng.uniform(0.6, 4.0))]

    def __call__(self, timestamps: NDArray[np.float64]) -> Array:
        """(F, 15) continuous intensities 0-5 at those seconds, in the order of `ALL_AUS`."""
        t = np.asarray(timestamps, dtype=np.float64)
        calm = np.ones((len(t), len(ALL_AUS)))
        if len(t):
            first, last = math.floor(t.min() / BLOCK) - 1, math.floor(t.max() / BLOCK)
            for block in range(max(first, 0), last + 1):
                for event in self._events(block):
                    near = (t > event.start) & (t < event.start + event.onset + event.hold + event.offset)
                    if near.any():
                        calm[near, event.au] *= 1.0 - event.level(t[near]) / 5.0
            calm[:, ALL_AUS.index("AU45")] = 1.0 - self._blink(t)
        return (5.0 * (1.0 - calm)).astype(np.float32)

    def _blink(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        while self._blinks[-1] < t.max() + 1.0:
            self._blinks.append(self._blinks[-1] + float(self._blink_rng.uniform(2.0, 6.0)))
        shut = np.zeros(len(t))
        for start in self._blinks:
            since = t - start
            shut = np.maximum(shut, _ease(since / 0.11) * (1.0 - _ease((since - 0.14) / 0.19)))
        return shut

    def _events(self, block: int) -> list[Event]:
        if block not in self._blocks:
            self._blocks[block] = list(self._deal(block))
        return self._blocks[block]

    def _deal(self, block: int) -> Iterator[Event]:
        rng = stream(self.seed, "block", self.video, block)
        begin = block * BLOCK
        for slot, card in enumerate(self._hand(block)):
            start = begin + BLOCK / HAND * (slot + float(rng.uniform(0.0, 0.35)))
            yield from self._play(card, start, begin + BLOCK, rng)
        names = list(_TWITCHES)
        weight = np.array([_TWITCHES[au] * float(self.person.rate[ALL_AUS.index(au)]) for au in names])
        for name in rng.choice(names, size=int(rng.integers(2, 5)), p=weight / weight.sum()):
            onset, hold, offset = rng.uniform(0.12, 0.45), rng.uniform(0.0, 0.6), rng.uniform(0.15, 0.6)
            start = begin + float(rng.uniform(0.0, BLOCK - 0.6))
            peak = float(1.0 + 3.0 * rng.beta(1.2, 2.0))
            yield Event(ALL_AUS.index(str(name)), start, float(onset), float(hold), float(offset), peak, 0.1)

    def _hand(self, block: int) -> list[Card]:
        place = self.place
        first = ((block + 37 * self.session) * place.people + place.number) * HAND
        hand = []
        for number in range(first, first + HAND):
            order = stream(self.seed, "deck", place.part, number // len(DECK)).permutation(len(DECK))
            hand.append(DECK[int(order[number % len(DECK)])])
        return hand

    def _play(self, card: Card, start: float, end: float, rng: np.random.Generator) -> Iterator[Event]:
        length = float(rng.uniform(*card.seconds))
        rate, phase = float(rng.uniform(1.4, 3.2)) if card.speech else 0.0, float(rng.uniform(-0.5, 0.5))
        strength = float(2.6 + 2.2 * rng.beta(1.3, 1.9))
        joining = []
        for au, chance in card.join.items():
            joins = rng.random() < chance * float(self.person.rate[ALL_AUS.index(au)])
            if joins:
                joining.append(au)
        for au in (*card.lead, *joining):
            led = au in card.lead
            seconds = length * float(rng.uniform(0.75, 1.0) if led else rng.uniform(0.5, 0.95))
            onset = seconds * float(rng.uniform(0.14, 0.34))
            offset = seconds * float(rng.uniform(0.18, 0.42))
            late = float(rng.uniform(0.0, 0.18 if led else 0.35)) * length
            # A leading AU reaches its apex within its block, so a clip that ends with the block has seen it.
            begin = min(start + late, end - 0.1 - onset) if led else start + late
            peak = strength * float(rng.uniform(0.88, 1.12) if led else rng.uniform(0.35, 1.05))
            peak = min(max(peak, 2.6 if led else 0.8), 5.0)
            sag = float(rng.uniform(0.0, 0.35))
            beats = card.speech and au in ("AU25", "AU26")
            beat_phase = phase + (float(rng.uniform(-0.3, 0.3)) if beats else 0.0)
            yield Event(
                ALL_AUS.index(au),
                begin,
                onset,
                seconds - onset - offset,
                offset,
                peak,
                sag,
                rate * beats,
                beat_phase,
            )


def coded(intensity: Array) -> Array:
    """What a coder writes: whole levels 0-5."""
    return np.clip(np.floor(intensity + 0.5), 0, 5).astype(np.float32)
