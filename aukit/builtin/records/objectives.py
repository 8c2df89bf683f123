"""Records of self-supervised objectives."""

from __future__ import annotations

from aukit.builtin.params import objectives
from aukit.contracts.component import Component

PAPER = "Sanchez et al., Semi-supervised Facial Action Unit Intensity Estimation with Contrastive Learning, ACCV 2020"
DPC = "Han, Xie, Zisserman, Video Representation Learning by Dense Predictive Coding, ICCV Workshops 2019"
CPC = "van den Oord, Li, Vinyals, Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, 2018"
MEMDPC = "Han, Xie, Zisserman, Memory-augmented Dense Predictive Coding for Video Representation Learning, ECCV 2020"
VICREG = "Bardes, Ponce, LeCun, VICReg: Variance-Invariance-Covariance Regularization, ICLR 2022"
MOCO = (
    "He, Fan, Wu, Xie, Girshick, Momentum Contrast for Unsupervised Visual Representation Learning, CVPR 2020"
)
TCN = "Sermanet et al., Time-Contrastive Networks: Self-Supervised Learning from Video, ICRA 2018"

RECORDS = (
    Component(
        kind="objective",
        name="dpc-nce",
        build="aukit.builtin.objectives.dpc_nce:DpcNce",
        params=objectives.DpcNceParams,
        summary="recursive predictive coding, one softmax over all feature cells",
        cite=f"{PAPER}; {DPC}",
    ),
    Component(
        kind="objective",
        name="cpc",
        build="aukit.builtin.objectives.cpc:Cpc",
        params=objectives.CpcParams,
        summary="predictive coding with one bilinear predictor a step, nothing fed back",
        cite=CPC,
    ),
    Component(
        kind="objective",
        name="memdpc",
        build="aukit.builtin.objectives.memdpc:MemDpc",
        params=objectives.MemDpcParams,
        summary="predictive coding through a memory of slots, forwards and backwards",
        cite=MEMDPC,
    ),
    Component(
        kind="objective",
        name="vicreg",
        build="aukit.builtin.objectives.vicreg:Vicreg",
        params=objectives.VicregParams,
        summary="two views alike, spread kept in every direction, no negatives",
        cite=VICREG,
    ),
    Component(
        kind="objective",
        name="moco",
        build="aukit.builtin.objectives.moco:Moco",
        params=objectives.MocoParams,
        summary="one view's key among a queue, or among the frames of the same clip",
        cite=MOCO,
    ),
    Component(
        kind="objective",
        name="time-contrast",
        build="aukit.builtin.objectives.time_contrast:TimeContrast",
        params=objectives.TimeContrastParams,
        summary="triplets of frames near and far in time, within a clip",
        cite=TCN,
    ),
)
