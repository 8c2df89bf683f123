"""Named changes to recipes: a part of the method taken away or put in, or all of it made small."""

from __future__ import annotations

from aukit.contracts.component import Ablation

ABLATIONS = (
    Ablation(
        name="no-pretraining",
        summary="the regressor from scratch: no contrastive stage (paper, table 2: R18+GRU-scratch)",
        set={"stages.finetune.start": ""},
        remove=("stages.pretrain",),
    ),
    Ablation(
        name="paper-pretraining",
        summary="stage 1 with the paper's loss, stride, free batches and (fast) augmentation (paper, 3.3 and 4)",
        set={
            "stages.pretrain.people": 0,
            "stages.pretrain.stride": 2,
            "stages.pretrain.objective.negatives": ["all"],
            "stages.pretrain.objective.normalize": False,
            "stages.pretrain.objective.temperature": 1.0,
            "stages.pretrain.augmentation.rotation": 20.0,
            "stages.pretrain.augmentation.scale": 0.1,
            "stages.pretrain.augmentation.jitter": 0.05,
            "stages.pretrain.augmentation.colour_per_frame": False,
        },
    ),
    Ablation(
        name="no-memory",
        summary="from scratch and frame by frame: no contrastive stage, no GRU (paper, table 2: R18)",
        set={"stages.finetune.start": "", "stages.finetune.window": 1, "model.temporal.name": "none"},
        remove=("stages.pretrain",),
    ),
    Ablation(
        name="mean-teacher",
        summary="stage 2 also agrees with a running average of itself on unlabelled frames (Tarvainen, Valpola 2017)",
        set={"stages.finetune.mean_teacher.weight": 0.1},
    ),
    Ablation(
        name="two-cores",
        summary="the same method at a size that two cores finish: a small net, few steps, larger rates; not the labels",
        set={
            "model.backbone.width": 16,
            "model.backbone.channels": 64,
            "model.backbone.blocks": [1, 1, 1, 1],
            "stages.pretrain.batch": 4,
            "stages.pretrain.epochs": 0.0,
            "stages.pretrain.steps": 300,
            "stages.pretrain.validate_every": 100,
            "stages.pretrain.validate_batches": 8,
            "stages.pretrain.augmentation.name": "fast",
            "stages.finetune.batch": 16,
            "stages.finetune.epochs": 0.0,
            "stages.finetune.steps": 400,
            "stages.finetune.window": 6,
            "stages.finetune.evaluate_every": 100,
            "stages.finetune.recalibrate": True,
            "stages.finetune.optimizer.lr": 2e-3,
            "stages.finetune.schedule.name": "CosineAnnealingLR",
            "stages.finetune.augmentation.name": "fast",
        },
    ),
)
"""Each of them takes recipes whose stages are called `pretrain` and `finetune`, as those that aukit ships."""
