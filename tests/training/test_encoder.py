"""The encoder: made from tables, resumed, read again, and refused when it is damaged."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save_file

from engine.api import PolymerRegressor
from engine.base.errors import UserError
from engine.base.manifest import CARD, ProvenFiles, write_manifest
from engine.commands import main
from engine.features.compute import canonical_units, compute_features
from engine.inference.bundle import read_info
from engine.models.encoder import (
    INFO,
    SHIPPED,
    WEIGHTS,
    EncoderInfo,
    encoder_digest,
    read_encoder,
    start_from_encoder,
)
from engine.models.members import network_configs
from engine.models.polygin import PolyGIN
from engine.models.store import load_networks
from engine.runs.encoder_making import make_encoder
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.networks import NetworkConfig
from engine.settings.presets import PRESETS, Preset
from engine.table import load_table
from engine.training.context import TrainContext
from engine.training.encoder import NETWORK, descriptor_targets, learn_encoder, median_share
from engine.training.reporter import Reporter
from tests.conftest import TEXTBOOK


class Told(Reporter):
    """What a fit said that it does."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str, total: int) -> None:
        self.stages.append(name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder, made by the command."""
    home = tmp_path_factory.mktemp("encoder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home / "home"))
        words = ["pretrain", str(TEXTBOOK), "-o", str(home / "made")]
        assert main([*words, "--made-up", "60", "--epochs", "3"]) == 0
    return home / "made"


def test_a_network_starts_from_it_and_keeps_its_own_heads(made: Path) -> None:
    info, tensors = read_encoder(made)
    assert (info.network, info.made_up, info.epochs) == (NETWORK, 60, 3)
    assert 100 < info.known <= 155
    network = PolyGIN.build(NetworkConfig(layers=4, width=96), 2)
    heads = {name: value.clone() for name, value in network.heads.state_dict().items()}
    start_from_encoder(network, made)
    for name, value in tensors.items():
        assert torch.equal(network.state_dict()[name], value)
    for name, value in heads.items():
        assert torch.equal(network.heads.state_dict()[name], value)


def test_the_shipped_encoder_is_what_its_card_says() -> None:
    info, tensors = read_encoder()
    assert info.network == NETWORK
    card = (SHIPPED / CARD).read_text(encoding="utf-8")
    weights = sum(
        value.numel()
        for name, value in tensors.items()
        if "running" not in name and "batches" not in name
    )
    megabytes = (SHIPPED / WEIGHTS).stat().st_size / 1e6
    for words in (
        f"{weights:,} numbers",
        f"{megabytes:.1f} MB",
        f"{info.known:,} repeat units",
        f"{info.made_up:,} made up from",
        f"{info.epochs} epochs",
        *(f" {share:.2f}".replace(" 0.", " .") for share in info.explained.values()),
    ):
        assert words in card, words


@pytest.mark.parametrize(
    "name", [name for name, preset in PRESETS.items() if preset.starts_from_encoder]
)
def test_networks_of_presets_can_start_from_it(name: str) -> None:
    configs = [each for each in network_configs(PRESETS[name]).values() if each.training.pretrained]
    assert configs
    for config in configs:
        start_from_encoder(PolyGIN.build(config.network, 2))


def test_what_does_not_vary_is_not_explained() -> None:
    assert median_share(np.array([0.2, np.nan, 0.4, np.nan, 0.3])) == pytest.approx(0.3)
    assert median_share(np.array([np.nan])) == 0


@pytest.mark.parametrize("pretrained", [True, False])
def test_a_run_starts_from_it_where_its_preset_says_so(pretrained: bool) -> None:
    hardly = {"epochs": 1, "learning_rate": 1e-12, "pretrained": True}
    polygin = {"network": {"layers": 4, "width": 96}, "training": hardly}
    preset = Preset(
        name="own", title="", summary="", members={"polygin": polygin}, canonical_units=True
    )
    smiles = ["*" + "C" * n + "O*" for n in range(1, 13)]
    regressor = PolymerRegressor(preset, "random:2", verbose=False, pretrained=pretrained)
    model = regressor.fit(smiles, [float(n) for n in range(1, 13)]).model_
    info = read_info(model.folder)
    assert info.pretrained == pretrained
    assert info.encoder == (encoder_digest() if pretrained else "")
    config = network_configs(preset)["polygin"].network
    networks = load_networks(ProvenFiles.of(model.folder), "polygin", config, 2, 1)
    own, (_, tensors) = networks[0][0].state_dict(), read_encoder()
    equal = [
        torch.allclose(own[name], value, atol=1e-3)
        for name, value in tensors.items()
        if name.startswith("layers") and "running" not in name and "batches" not in name
    ]
    assert all(equal) == pretrained


@pytest.mark.parametrize("other", [{"layers": 3}, {"residual": False}, {"layer_relu": True}])
def test_a_network_of_other_parts_is_refused(made: Path, other: dict) -> None:
    network = PolyGIN.build(NetworkConfig(**{"layers": 4, "width": 96, **other}), 2)
    with pytest.raises(UserError, match="made of other parts"):
        start_from_encoder(network, made)


def test_such_a_network_is_refused_before_anything_is_learned() -> None:
    polygin = {"network": {"layers": 6, "width": 96}, "training": {"pretrained": True}}
    members = {"lightgbm": {}, "polygin": polygin}
    preset = Preset(name="own", title="", summary="", members=members, canonical_units=True)
    told = Told()
    request = BundleRequest.of(load_table(TEXTBOOK), "textbook", preset)
    with pytest.raises(UserError, match="made of other parts"):
        make_bundle(request, TrainContext(Path("nowhere"), told))
    assert not told.stages


@pytest.mark.parametrize(
    "strange",
    [
        torch.zeros(96).to(torch.float8_e4m3fn),
        torch.zeros(96, dtype=torch.complex64),
        torch.full((96,), torch.nan),
        torch.full((96,), 1e300, dtype=torch.float64),
    ],
)
def test_weights_that_are_no_numbers_are_refused(
    made: Path, tmp_path: Path, strange: torch.Tensor
) -> None:
    tensors = load((made / WEIGHTS).read_bytes())
    (tmp_path / INFO).write_bytes((made / INFO).read_bytes())
    save_file({**tensors, next(iter(tensors)): strange}, tmp_path / WEIGHTS)
    write_manifest(tmp_path, {})
    with pytest.raises(UserError, match=r"damaged.*--no-pretrained"):
        read_encoder(tmp_path)


@pytest.mark.parametrize("name", [WEIGHTS, INFO])
def test_a_damaged_encoder_is_refused(made: Path, tmp_path: Path, name: str) -> None:
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-20])
    with pytest.raises(UserError, match=r"changed or damaged.*--no-pretrained"):
        read_encoder(tmp_path)


def test_a_missing_encoder_is_told_with_the_way_without_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a file is missing.*--no-pretrained"):
        read_encoder(tmp_path)


def test_a_cut_off_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    units = canonical_units(load_table(TEXTBOOK).canonical)
    features = compute_features(units, canonical_units=True)

    class StoppedError(Exception):
        pass

    class Stopper(Reporter):
        def measured(self, row: dict) -> None:
            if row["epoch"] == 2:
                raise StoppedError

    def learn(name: str, reporter: Reporter) -> None:
        context = TrainContext(tmp_path / name, reporter, checkpoints=tmp_path / f"{name}-state")
        learn_encoder(features, len(units), 4, 0, context)

    learn("whole", Reporter())
    with pytest.raises(StoppedError):
        learn("cut", Stopper())
    learn("cut", Reporter())
    one, other = (read_encoder(tmp_path / name) for name in ("whole", "cut"))
    assert one[0] == other[0]
    assert all(torch.equal(value, other[1][name]) for name, value in one[1].items())


def test_what_a_call_with_other_settings_left_is_not_gone_on_from(tmp_path: Path) -> None:
    def make(epochs: int, made_up: int, name: str) -> EncoderInfo:
        context = TrainContext(tmp_path / name, checkpoints=tmp_path / "state")
        return make_encoder([TEXTBOOK], made_up, epochs, 0, context, lambda *_: None)

    make(2, 20, "first")
    assert make(1, 30, "second").made_up == 30
    context = TrainContext(tmp_path / "alone", checkpoints=tmp_path / "fresh")
    make_encoder([TEXTBOOK], 30, 1, 0, context, lambda *_: None)
    weights = (tmp_path / "second" / WEIGHTS).read_bytes()
    assert weights == (tmp_path / "alone" / WEIGHTS).read_bytes()


def test_targets_are_standardised_and_say_their_group() -> None:
    units = canonical_units(load_table(TEXTBOOK).canonical)
    targets, groups = descriptor_targets(compute_features(units, canonical_units=True).descriptors)
    assert targets.shape == (len(units), len(groups))
    assert set(groups) == {"rdkit_2d", "backbone", "elements", "morgan"}
    assert np.nanmax(np.abs(targets)) <= 4
    assert np.abs(np.nanmean(targets, axis=0)).max() < 0.2


def test_a_table_with_too_few_units_is_refused(tmp_path: Path, capsys) -> None:
    table = tmp_path / "few.csv"
    table.write_text("SMILES\n*CC*\n*CCO*\nnonsense(\n")
    assert main(["pretrain", str(table), "-o", str(tmp_path / "made")]) == 1
    assert "hold 2 different repeat units" in capsys.readouterr().err


def test_what_was_cut_off_while_it_was_written_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "home"))
    words = ["pretrain", str(TEXTBOOK), "-o", str(tmp_path / "made")]
    words += ["--made-up", "30", "--epochs", "1"]
    with monkeypatch.context() as patch:
        patch.setattr("engine.models.encoder.write_manifest", _cut_off)
        assert main(words) == 130
    for kept in (tmp_path / "home").rglob("made-up-*.txt"):
        kept.write_bytes(b"\xff\xfe")
    assert main(words) == 0
    assert read_encoder(tmp_path / "made")[0].made_up == 30


def _cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_folder_that_holds_something_is_refused_before_anything_is_learned(
    made: Path, tmp_path: Path, capsys
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for folder, fault in ((made, "name a new folder"), (file, "cannot be written to")):
        assert main(["pretrain", str(TEXTBOOK), "-o", str(folder)]) == 1
        assert fault in capsys.readouterr().err
    assert file.read_text() == "mine"
