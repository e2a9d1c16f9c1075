"""The registry of members: a new one is its own file, and a line here."""

from pydantic import BaseModel, ValidationError

from ..base.errors import UserError
from ..settings.presets import Preset
from .catboost import CatBoost
from .gaussian_process import GaussianProcess
from .lightgbm import LightGBM
from .member import DescriptorMember, Member, NetworkMember, NetworkMemberConfig
from .polygin import PolyGIN
from .xgboost import XGBoost

MEMBERS: dict[str, type[DescriptorMember] | type[NetworkMember]] = {
    member.name: member for member in (LightGBM, XGBoost, CatBoost, GaussianProcess, PolyGIN)
}
"""All members by their names."""


def title_of(member: str) -> str:
    """A member's title; the name itself of one that this version does not know."""
    return MEMBERS[member].title if member in MEMBERS else member


def is_network(member: str) -> bool:
    """Whether a member is one of graph networks."""
    return member in MEMBERS and issubclass(MEMBERS[member], NetworkMember)


def network_member(name: str) -> type[NetworkMember]:
    """The member of that name, which is one of networks."""
    member = MEMBERS[name]
    assert issubclass(member, NetworkMember), f"{name} has no networks"
    return member


def configs_of(preset: Preset) -> dict[str, BaseModel]:
    """The settings of a preset's members, each of its member's `Config`, in the order of training.

    Raises:
        UserError: when the preset names no member that there is, or a setting that it has not.
    """
    configs = {}
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
            raise UserError(f"The preset {preset.name!r}: {where}: {fault['msg']}.") from error
    return configs


def network_configs(preset: Preset) -> dict[str, NetworkMemberConfig]:
    """The settings of those of a preset's members that are graph networks."""
    return {
        name: config
        for name, config in configs_of(preset).items()
        if isinstance(config, NetworkMemberConfig)
    }


def resolved(preset: Preset) -> Preset:
    """The same preset with every setting said, also those that are defaults now.

    A run keeps it, so that it goes on as it began when defaults have changed.
    """
    values = {name: config.model_dump(mode="json") for name, config in configs_of(preset).items()}
    return preset.model_copy(update={"members": values})


__all__ = [
    "MEMBERS",
    "DescriptorMember",
    "Member",
    "NetworkMember",
    "NetworkMemberConfig",
    "configs_of",
    "is_network",
    "network_configs",
    "network_member",
    "resolved",
    "title_of",
]
