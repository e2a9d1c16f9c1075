"""How networks are trained: the settings, as records that are read without torch."""

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Beta = Annotated[float, Field(ge=0, lt=1)]


class PretrainingConfig(BaseModel):
    """How a network learns from graphs without labels, before it learns from labels.

    Attributes:
        kind: `masked` hides atoms and their bonds and guesses them (Hu et al., ICLR 2020,
            arXiv:1905.12265); `contrastive` tells two changed copies of a graph from those of
            others (NT-Xent, as GraphCL has it: You et al., NeurIPS 2020, arXiv:2010.13902).
        epochs: passes over the training rows' graphs.
        learning_rate: the greatest; it rises, then falls along a cosine.
        share: of atoms that are hidden, and in `contrastive` of bonds that are left out.
        temperature: of NT-Xent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["masked", "contrastive"]
    epochs: int = Field(ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    share: float = Field(default=0.15, gt=0, lt=1)
    temperature: float = Field(default=0.07, gt=0)


class TrainingConfig(BaseModel):
    """How a network is trained.

    Attributes:
        epochs, batch: passes over the training rows, and graphs in a step.
        learning_rate: the greatest.
        weight_decay, betas, eps: AdamW's.
        warm_share: of all steps, those in which the learning rate rises.
        clip: greatest norm of a gradient.
        seeds: networks for each fold, whose mean predicts.
        schedule: of the learning rate: `cosine` rises linearly and falls along a cosine, `flat`
            rises linearly and stays, `onecycle` is PyTorch's.
        averaged_share: of all epochs, the last ones, after each of which the weights enter the mean
            that is taken in the end; 0 takes the last weights.
        patience: epochs without a better error before the training ends and the best weights are
            taken; 0 trains all epochs. The error is that of rows set aside from the training rows.
        inner_share: of the training rows that are set aside for it.
        pretraining: what comes before, if anything.
        loss: of a standardised value: the `absolute` error, or half the square of an error below
            1 (`huber`).
        pretrained: whether the network starts from the weights of the shipped encoder
            (`engine.models.encoder`), which reads graphs of canonical repeat units.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=30, ge=1)
    batch: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    warm_share: float = Field(default=0.1, ge=0, lt=1)
    clip: float = Field(default=1.0, gt=0)
    seeds: int = Field(default=1, ge=1)
    betas: tuple[_Beta, _Beta] = (0.9, 0.999)
    eps: float = Field(default=1e-8, gt=0)
    schedule: Literal["cosine", "flat", "onecycle"] = "cosine"
    averaged_share: float = Field(default=0.0, ge=0, le=1)
    patience: int = Field(default=0, ge=0)
    inner_share: float = Field(default=0.1, gt=0, lt=1)
    pretraining: PretrainingConfig | None = None
    loss: Literal["absolute", "huber"] = "absolute"
    pretrained: bool = False

    @model_validator(mode="after")
    def _take_the_best_or_the_mean(self) -> Self:
        if self.patience and self.averaged_share:
            raise ValueError("either the best weights are taken (patience) or averaged_share")
        return self

    @property
    def all_epochs(self) -> int:
        """Those of the pretraining among them."""
        return self.epochs + (self.pretraining.epochs if self.pretraining else 0)


def steps_of_epoch(rows: int, batch: int) -> int:
    """How many steps an epoch has: each takes a batch, all about as large, of two rows or more."""
    return max(min(math.ceil(rows / batch), rows // 2), 1)
