"""The registry of members: a new member is a file of its own, and a line here."""

from collections.abc import Sequence
from math import isclose

from pydantic import BaseModel, ValidationError

from ..base.errors import UserError
from ..settings.presets import Preset
from ..settings.properties import by_quantity
from .catboost import CatBoost
from .coregionalised_process import CoregionalisedProcess
from .gaussian_process import GaussianProcess
from .lightgbm import LightGBM
from .member import (
    DescriptorMember,
    Member,
    NetworkMember,
    NetworkMemberConfig,
    SourcesMember,
)
from .polygin import AveragedPolyGIN, PolyGIN
from .xgboost import XGBoost

MEMBERS: dict[str, type[DescriptorMember] | type[NetworkMember]] = {
    member.name: member
    for member in (
        LightGBM,
        XGBoost,
        CatBoost,
        GaussianProcess,
        CoregionalisedProcess,
        PolyGIN,
        AveragedPolyGIN,
    )
}
"""All members by their names."""


def title_of(name: str) -> str:
    """The title of a member; its name if this version does not know it."""
    return MEMBERS[name].title if name in MEMBERS else name


def is_network(name: str) -> bool:
    """Whether a member is made of graph networks."""
    return name in MEMBERS and issubclass(MEMBERS[name], NetworkMember)


def network_member(name: str) -> type[NetworkMember]:
    """The member of that name, which is made of networks."""
    member = MEMBERS[name]
    assert issubclass(member, NetworkMember), f"{name} has no networks"
    return member


def columns_of(name: str, quantities: Sequence[str]) -> list[list[int]]:
    """The properties that each model of a descriptor member predicts.

    Args:
        name: of the member.
        quantities: what each of the K properties is, whatever its source.

    Returns:
        One property for each model, or those of one quantity where the member learns all sources at
        once and the quantity has several.
    """
    if not issubclass(MEMBERS[name], SourcesMember):
        return [[k] for k in range(len(quantities))]
    return [columns for columns in by_quantity(quantities).values() if len(columns) > 1]


def learns_all_sources(name: str) -> bool:
    """Whether a member learns a quantity from all its sources at once, or all properties."""
    return issubclass(MEMBERS[name], SourcesMember | NetworkMember)


def configs_of(preset: Preset) -> dict[str, BaseModel]:
    """The settings of a preset's members, each of its member's `Config`, in the order of training.

    Raises:
        UserError: when the preset names an unknown member, a setting that it does not have,
            weights that are no weights of its members, or an encoder for other units than it takes.
    """
    configs = {}
    _check_blend(preset)
    if preset.starts_from_encoder and not preset.canonical_units:
        raise UserError(
            f"The preset {preset.name!r} has pretrained networks: they read canonical repeat units "
            "(canonical_units), and it takes units as they are drawn."
        )
    for name, values in preset.members.items():
        if name not in MEMBERS:
            raise UserError(
                f"The preset {preset.name!r} has a member {name!r}, which this version does not "
                f"know; the members are {', '.join(MEMBERS)}."
            )
        try:
            configs[name] = MEMBERS[name].Config.model_validate(values)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, ("members", name, *fault["loc"])))
            message = fault["msg"].removeprefix("Value error, ")
            raise UserError(f"The preset {preset.name!r}: {where}: {message}.") from error
    return configs


def _check_blend(preset: Preset) -> None:
    """Refuse fixed weights that are no shares, or leave a member of the preset out."""
    if preset.blend is None:
        return
    weights = preset.blend.values()
    if not set(preset.members) <= set(preset.blend) <= set(MEMBERS):
        fault = f"it has {', '.join(preset.blend)}, and its members are {', '.join(preset.members)}"
    elif not all(weight >= 0 for weight in weights) or not isclose(sum(weights), 1, abs_tol=1e-6):
        fault = f"its weights are {', '.join(map(str, weights))}"
    else:
        return
    raise UserError(
        f"The preset {preset.name!r}: blend has to give each member a weight of 0 or more, of sum "
        f"1 in all, but {fault}."
    )


def network_configs(preset: Preset) -> dict[str, NetworkMemberConfig]:
    """The settings of the members of a preset that are made of graph networks."""
    return {
        name: config
        for name, config in configs_of(preset).items()
        if isinstance(config, NetworkMemberConfig)
    }


def told_more(preset: Preset, width: int) -> Preset:
    """The preset whose networks are told more of a row than its units' descriptors.

    Args:
        preset: without it.
        width: how many numbers compositions and conditions add.
    """
    members = {name: config.model_dump(mode="json") for name, config in configs_of(preset).items()}
    for name in network_configs(preset):
        members[name]["network"]["conditions"] = width
    return preset.model_copy(update={"members": members})


def resolved(preset: Preset) -> Preset:
    """The same preset with every setting written out, defaults included.

    A run stores it, so that it resumes unchanged when defaults have changed.
    """
    values = {name: config.model_dump(mode="json") for name, config in configs_of(preset).items()}
    return preset.model_copy(update={"members": values})


__all__ = [
    "MEMBERS",
    "DescriptorMember",
    "Member",
    "NetworkMember",
    "NetworkMemberConfig",
    "SourcesMember",
    "columns_of",
    "configs_of",
    "is_network",
    "learns_all_sources",
    "network_configs",
    "network_member",
    "resolved",
    "title_of",
    "told_more",
]
