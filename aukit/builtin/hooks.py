"""Every built-in component as a record. Classes are named by import path, so nothing heavy is imported here."""

from __future__ import annotations

from aukit.builtin.ablations import ABLATIONS
from aukit.builtin.params import data, datasets, locators, model, stages, trackers
from aukit.builtin.schemas import AFFWILD2, BP4D, DISFA, DISFAPLUS, FERA2015, SCHEMAS, UNBC
from aukit.contracts.component import Ablation, Component
from aukit.contracts.schema import Schema
from aukit.hosting.hookspecs import hookimpl

PAPER = "Sanchez et al., Semi-supervised Facial Action Unit Intensity Estimation with Contrastive Learning, ACCV 2020"
DPC = "Han, Xie, Zisserman, Video Representation Learning by Dense Predictive Coding, ICCV Workshops 2019"
GRU = "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, EMNLP 2014; Ballas et al., ICLR 2016"
RESNET = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016"
TIMM = "Wightman, PyTorch Image Models, 2019"
YUNET = "Wu, Peng, Yu, YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence Research 2023"
LIBFACE = "Yu, libfacedetection, 2019"
HUBER = "Huber, Robust Estimation of a Location Parameter, 1964"


@hookimpl
def aukit_components() -> list[Component]:
    """The components that aukit ships."""
    return [
        Component(
            kind="backbone",
            name="resnet18-256",
            build="aukit.builtin.backbones.resnet:ResNet18",
            params=model.ResNet18Params,
            summary="ResNet-18 trimmed to 256 channels, 8x8 cells at 128 px",
            cite=RESNET,
        ),
        Component(
            kind="backbone",
            name="timm",
            build="aukit.builtin.backbones.timm:TimmBackbone",
            params=model.TimmParams,
            summary="any timm model with feature maps",
            cite=TIMM,
        ),
        Component(
            kind="temporal",
            name="convgru",
            build="aukit.builtin.temporal.convgru:ConvGRU",
            params=model.ConvGRUParams,
            summary="convolutional GRU with 1x1 gates",
            cite=GRU,
        ),
        Component(
            kind="temporal",
            name="none",
            build="aukit.builtin.temporal.none:NoTemporal",
            params=model.NoTemporalParams,
            summary="no memory: a ReLU, frame by frame",
        ),
        Component(
            kind="objective",
            name="dpc-nce",
            build="aukit.builtin.objectives.dpc_nce:DpcNce",
            params=model.DpcNceParams,
            summary="recursive predictive coding, one softmax over all feature cells",
            cite=f"{PAPER}; {DPC}",
        ),
        Component(
            kind="head",
            name="pool-bn-linear",
            build="aukit.builtin.heads.pool_bn_linear:PoolBnLinear",
            params=model.PoolBnLinearParams,
            summary="average pooling, batch normalisation, a linear layer",
            cite=PAPER,
        ),
        Component(
            kind="loss",
            name="l2",
            build="aukit.builtin.losses.l2:L2",
            params=model.L2Params,
            summary="squared error over labelled cells",
            cite=PAPER,
        ),
        Component(
            kind="loss",
            name="huber",
            build="aukit.builtin.losses.huber:Huber",
            params=model.HuberParams,
            summary="squared error near zero, absolute error far out",
            cite=HUBER,
        ),
        Component(
            kind="augmentation",
            name="paper",
            build="aukit.builtin.augmentations.paper:PaperAugmentation",
            params=model.PaperAugmentationParams,
            summary="rotation, scale, flip, crop jitter, colour with exact hue",
            cite=PAPER,
        ),
        Component(
            kind="augmentation",
            name="fast",
            build="aukit.builtin.augmentations.fast:FastAugmentation",
            params=model.FastAugmentationParams,
            summary="the same ranges with one grid and one colour matrix a clip",
        ),
        Component(
            kind="augmentation",
            name="none",
            build="aukit.builtin.augmentations.none:NoAugmentation",
            params=model.NoAugmentationParams,
            summary="pixels divided by 255",
        ),
        Component(
            kind="sampler",
            name="random",
            build="aukit.builtin.samplers.random:RandomSampler",
            params=data.RandomSamplerParams,
            summary="frames drawn at random over the whole training set",
            cite=PAPER,
        ),
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
        Component(
            kind="stage",
            name="contrastive",
            build="aukit.builtin.stages.contrastive:ContrastiveStage",
            params=stages.ContrastiveParams,
            summary="pre-training on unlabelled clips with an objective",
            cite=PAPER,
        ),
        Component(
            kind="stage",
            name="regression",
            build="aukit.builtin.stages.regression:RegressionStage",
            params=stages.RegressionParams,
            summary="intensities from few labelled frames, through time",
            cite=PAPER,
        ),
        Component(
            kind="tracker",
            name="jsonl",
            build="aukit.builtin.trackers.jsonl:JsonLines",
            params=trackers.JsonLinesParams,
            summary="every event as a line of JSON",
        ),
        Component(
            kind="tracker",
            name="tensorboard",
            build="aukit.builtin.trackers.tensorboard:TensorBoard",
            params=trackers.TensorBoardParams,
            summary="metrics for TensorBoard",
            extra="tensorboard",
        ),
    ]


@hookimpl
def aukit_ablations() -> list[Ablation]:
    """The ablations that aukit ships."""
    return list(ABLATIONS)


@hookimpl
def aukit_schemas() -> list[Schema]:
    """The data sets whose protocols aukit knows."""
    return list(SCHEMAS)
