"""Records of losses, augmentations, samplers, stages and trackers."""

from __future__ import annotations

from aukit.builtin.params import augmentations, losses, samplers, stages, trackers
from aukit.contracts.component import Component

PAPER = "Sanchez et al., Semi-supervised Facial Action Unit Intensity Estimation with Contrastive Learning, ACCV 2020"
HUBER = "Huber, Robust Estimation of a Location Parameter, 1964"
MCCULLAGH = "McCullagh, Regression Models for Ordinal Data, Journal of the Royal Statistical Society B, 1980"
COCHRAN = "Cochran, Sampling Techniques, 3rd edition, Wiley, 1977"
KBSS = (
    "Zhang et al., Weakly-supervised Deep Convolutional Neural Network Learning for Facial Action Unit Intensity "
    "Estimation, CVPR 2018"
)

RECORDS = (
    Component(
        kind="loss",
        name="l2",
        build="aukit.builtin.losses.l2:L2",
        params=losses.L2Params,
        summary="squared error over labelled cells",
        cite=PAPER,
    ),
    Component(
        kind="loss",
        name="huber",
        build="aukit.builtin.losses.huber:Huber",
        params=losses.HuberParams,
        summary="squared error near zero, absolute error far out",
        cite=HUBER,
    ),
    Component(
        kind="loss",
        name="ordinal",
        build="aukit.builtin.losses.ordinal:Ordinal",
        params=losses.OrdinalParams,
        summary="likelihood of ordered levels, proportional odds",
        cite=MCCULLAGH,
    ),
    Component(
        kind="augmentation",
        name="paper",
        build="aukit.builtin.augmentations.paper:PaperAugmentation",
        params=augmentations.PaperAugmentationParams,
        summary="rotation, scale, flip, crop jitter, colour with exact hue",
        cite=PAPER,
    ),
    Component(
        kind="augmentation",
        name="fast",
        build="aukit.builtin.augmentations.fast:FastAugmentation",
        params=augmentations.FastAugmentationParams,
        summary="the same ranges with one grid and one colour matrix a clip",
    ),
    Component(
        kind="augmentation",
        name="none",
        build="aukit.builtin.augmentations.none:NoAugmentation",
        params=augmentations.NoAugmentationParams,
        summary="pixels divided by 255",
    ),
    Component(
        kind="sampler",
        name="random",
        build="aukit.builtin.samplers.random:RandomSampler",
        params=samplers.RandomSamplerParams,
        summary="frames drawn at random over the whole training set",
        cite=PAPER,
    ),
    Component(
        kind="sampler",
        name="stratified",
        build="aukit.builtin.samplers.stratified:StratifiedSampler",
        params=samplers.StratifiedSamplerParams,
        summary="frames balanced over the levels of all AUs",
        cite=COCHRAN,
    ),
    Component(
        kind="sampler",
        name="uniform-stride",
        build="aukit.builtin.samplers.uniform_stride:UniformStrideSampler",
        params=samplers.UniformStrideParams,
        summary="frames at even steps through each video",
        cite=COCHRAN,
    ),
    Component(
        kind="sampler",
        name="key-frame",
        build="aukit.builtin.samplers.key_frame:KeyFrameSampler",
        params=samplers.KeyFrameParams,
        summary="peaks and valleys of each AU's intensity, AU by AU",
        cite=KBSS,
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
        kind="stage",
        name="pseudo-label",
        build="aukit.builtin.stages.pseudo_label:PseudoLabelStage",
        params=stages.PseudoLabelParams,
        summary="labels of training frames as another run's model, or this one, predicts them",
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
)
