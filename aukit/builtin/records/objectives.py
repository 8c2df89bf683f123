"""Records of self-supervised objectives."""

from __future__ import annotations

from aukit.builtin.params import objectives
from aukit.contracts.component import Component

PAPER = "Sanchez et al., Semi-supervised Facial Action Unit Intensity Estimation with Contrastive Learning, ACCV 2020"
DPC = "Han, Xie, Zisserman, Video Representation Learning by Dense Predictive Coding, ICCV Workshops 2019"

RECORDS = (
    Component(
        kind="objective",
        name="dpc-nce",
        build="aukit.builtin.objectives.dpc_nce:DpcNce",
        params=objectives.DpcNceParams,
        summary="recursive predictive coding, one softmax over all feature cells",
        cite=f"{PAPER}; {DPC}",
    ),
)
