"""Records of backbones, temporal modules and heads."""

from __future__ import annotations

from aukit.builtin.params import model, temporal
from aukit.contracts.component import Component

PAPER = "Sanchez et al., Semi-supervised Facial Action Unit Intensity Estimation with Contrastive Learning, ACCV 2020"
GRU = "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, EMNLP 2014; Ballas et al., ICLR 2016"
RESNET = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016"
CHO = "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, EMNLP 2014"
TCN = "Bai, Kolter, Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent Networks, 2018"
ATTENTION = (
    "Vaswani et al., Attention Is All You Need, NeurIPS 2017; Su et al., RoFormer, 2021 (rotary positions); "
    "Xiong et al., On Layer Normalization in the Transformer Architecture, ICML 2020"
)
TIMM = "Wightman, PyTorch Image Models, 2019"

RECORDS = (
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
        params=temporal.ConvGRUParams,
        summary="convolutional GRU with 1x1 gates",
        cite=GRU,
    ),
    Component(
        kind="temporal",
        name="gru",
        build="aukit.builtin.temporal.gru:GRU",
        params=temporal.GRUParams,
        summary="GRU on spatially pooled features",
        cite=CHO,
    ),
    Component(
        kind="temporal",
        name="tcn",
        build="aukit.builtin.temporal.tcn:TCN",
        params=temporal.TCNParams,
        summary="causal dilated convolutions over time, cell by cell",
        cite=TCN,
    ),
    Component(
        kind="temporal",
        name="transformer",
        build="aukit.builtin.temporal.transformer:Transformer",
        params=temporal.TransformerParams,
        summary="causal attention to the last frames, cell by cell",
        cite=ATTENTION,
    ),
    Component(
        kind="temporal",
        name="none",
        build="aukit.builtin.temporal.none:NoTemporal",
        params=temporal.NoTemporalParams,
        summary="no memory: a ReLU, frame by frame",
    ),
    Component(
        kind="head",
        name="pool-bn-linear",
        build="aukit.builtin.heads.pool_bn_linear:PoolBnLinear",
        params=model.PoolBnLinearParams,
        summary="average pooling, batch normalisation, a linear layer",
        cite=PAPER,
    ),
)
