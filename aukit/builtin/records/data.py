"""Records of data sets and locators."""

from __future__ import annotations

from aukit.builtin.params import data, datasets, locators
from aukit.builtin.schemas import AFFWILD2, BP4D, DISFA, DISFAPLUS, FERA2015, UNBC
from aukit.contracts.component import Component

YUNET = "Wu, Peng, Yu, YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence Research 2023"
LIBFACE = "Yu, libfacedetection, 2019"

RECORDS = (
    Component(
        kind="dataset",
        name="synthetic",
        build="aukit.builtin.datasets.synthetic:SyntheticFaces",
        params=data.SyntheticParams,
        summary="rendered faces with known intensities, no assets needed",
    ),
    Component(
        kind="dataset",
        name="disfa",
        build="aukit.builtin.datasets.disfa:Disfa",
        params=datasets.DisfaParams,
        summary="DISFA: 27 people, videos and label files as distributed",
        cite=DISFA.cite,
    ),
    Component(
        kind="dataset",
        name="disfaplus",
        build="aukit.builtin.datasets.disfaplus:DisfaPlus",
        params=datasets.DisfaPlusParams,
        summary="DISFA+: 9 of DISFA's people, pictures and label files as distributed",
        cite=DISFAPLUS.cite,
    ),
    Component(
        kind="dataset",
        name="bp4d",
        build="aukit.builtin.datasets.bp4d:Bp4d",
        params=datasets.Bp4dParams,
        summary="BP4D or BP4D+: pictures or videos and intensity files as distributed",
        cite=BP4D.cite,
    ),
    Component(
        kind="dataset",
        name="fera2015",
        build="aukit.builtin.datasets.fera2015:Fera2015",
        params=datasets.Fera2015Params,
        summary="FERA 2015: BP4D's people with the challenge's partition",
        cite=FERA2015.cite,
    ),
    Component(
        kind="dataset",
        name="affwild2",
        build="aukit.builtin.datasets.affwild2:AffWild2",
        params=datasets.AffWild2Params,
        summary="Aff-Wild2: cropped faces or raw videos, without intensities",
        cite=AFFWILD2.cite,
    ),
    Component(
        kind="dataset",
        name="unbc",
        build="aukit.builtin.datasets.unbc:Unbc",
        params=datasets.UnbcParams,
        summary="UNBC-McMaster: pictures and a label file a frame as distributed",
        cite=UNBC.cite,
    ),
    Component(
        kind="dataset",
        name="videos",
        build="aukit.builtin.datasets.videos:OwnVideos",
        params=datasets.VideosParams,
        summary="own videos, with a manifest and labels where there are any",
    ),
    Component(
        kind="locator",
        name="yunet",
        build="aukit.builtin.locators.yunet:YuNet",
        params=locators.YuNetParams,
        summary="a small network, faces with five points; needs OpenCV",
        cite=YUNET,
        extra="video",
    ),
    Component(
        kind="locator",
        name="libface",
        build="aukit.builtin.locators.libface:LibFace",
        params=locators.LibFaceParams,
        summary="libfacedetection, without OpenCV and without points",
        cite=LIBFACE,
        extra="libface",
    ),
    Component(
        kind="locator",
        name="boxes",
        build="aukit.builtin.locators.boxes:Boxes",
        params=locators.BoxesParams,
        summary="boxes made elsewhere, from CSV, JSON or OpenFace",
    ),
    Component(
        kind="locator",
        name="none",
        build="aukit.builtin.locators.none:NoLocator",
        params=locators.NoLocatorParams,
        summary="the whole picture is the face",
    ),
)
