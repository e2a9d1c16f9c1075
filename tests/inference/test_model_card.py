"""The card of a model that is given away."""

from pathlib import Path

import pytest
import yaml

from engine.base.errors import UserError
from engine.base.manifest import CARD, MOST_CARD_BYTES
from engine.commands import main
from engine.inference.bundle import SHIPPED, bundle_files, copy_bundle, info_of
from engine.inference.model_card import write_card
from engine.inference.predict import Predictor
from engine.runs import Run
from tests.bundles import copied, redescribe


def fields_of(card: str) -> dict:
    """The fields at the head of a card."""
    before, fields, _ = card.split("---\n", 2)
    assert before == ""
    return yaml.safe_load(fields)


def test_the_card_of_an_exported_model_has_the_fields_of_the_hub(
    trained: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    assert main(["export", "trained", "--model", str(folder)]) == 0
    card = (folder / CARD).read_text(encoding="utf-8")
    fields, info = fields_of(card), info_of(bundle_files(folder))
    assert fields["license"] == "unknown"
    assert fields["datasets"] == ["textbook-slice.csv"]
    assert {"mae", "r_squared"} <= {*fields["metrics"]}
    (index,) = fields["model-index"]
    assert [one["task"]["name"] for one in index["results"]] == ["Tg (°C)", "Density (g/cm³)"]
    mae = index["results"][0]["metrics"][0]
    assert mae["type"] == "mae"
    assert mae["value"] == pytest.approx(info.figures["blend"]["mae"]["Tg"], rel=1e-3)
    assert "CITATION.cff" in card
    assert f"| Tg \\(°C\\) | {info.labels['Tg']} |" in card
    Predictor(folder).predict(["*CC*"])


def test_any_model_is_exported_with_a_card(
    trained: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that is no run's; what the shipped one holds of its labels is said."""
    folder = tmp_path / "shipped"
    assert main(["export", "shipped", "--model", str(folder), "--with-neighbours"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "training labels that its owner gave away with their repeat units" in told
    assert "model-index" in fields_of((folder / CARD).read_text(encoding="utf-8"))
    assert info_of(bundle_files(folder)) == info_of(bundle_files(SHIPPED))
    copy, again = tmp_path / "copy", tmp_path / "again"
    assert main(["export", "trained", "--model", str(copy)]) == 0
    assert main(["export", str(copy), "--model", str(again)]) == 0
    assert (again / CARD).read_bytes() == (copy / CARD).read_bytes()
    neighbours = tmp_path / "neighbours"
    assert main(["export", str(copy), "--model", str(neighbours), "--with-neighbours"]) == 1
    assert "only a run's own model" in " ".join(capsys.readouterr().err.split())
    assert not neighbours.exists()
    assert main(["export", "shipped", "--csv", str(tmp_path / "m.csv")]) == 1
    assert "no run 'shipped'" in " ".join(capsys.readouterr().err.split())


def test_a_card_that_is_there_keeps_its_words_and_gets_the_fields_once(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    copy_bundle(SHIPPED, folder)
    own = (folder / CARD).read_text(encoding="utf-8")
    write_card(folder)
    card = (folder / CARD).read_text(encoding="utf-8")
    assert card.endswith(own)
    assert fields_of(card)["datasets"] == ["competition", "measured", "radonpy"]
    write_card(folder)
    assert (folder / CARD).read_text(encoding="utf-8") == card


def test_names_from_outside_are_words_and_nothing_else(trained: Run, tmp_path: Path) -> None:
    folder = copied(trained.bundle, tmp_path / "model")
    name = "<script>a</script>\n---\nlicense: mit | **x**\n# Title"
    redescribe(folder, {"name": name, "table": "=cmd() [here](https://x.org)\n- y.csv"})
    write_card(folder)
    card = (folder / CARD).read_text(encoding="utf-8")
    fields = fields_of(card)
    assert fields["license"] == "unknown"
    assert fields["datasets"] == ["cmd-here-https-x.org-y.csv"]
    text = card.split("---\n", 2)[2]
    assert "<script>" not in text
    assert "](https" not in text
    assert [line for line in text.splitlines() if line.startswith("# ")] == [
        "# \\<script\\>a\\</script\\> --- license: mit \\| \\*\\*x\\*\\* \\# Title"
    ]


def test_a_card_is_never_longer_than_a_model_may_have(trained: Run, tmp_path: Path) -> None:
    folder = copied(trained.bundle, tmp_path / "model")
    for length in (MOST_CARD_BYTES - 100, MOST_CARD_BYTES):
        own = "x" * length
        (folder / CARD).write_text(own)
        write_card(folder)
        assert (folder / CARD).read_text() == own
    (folder / CARD).write_text("x" * (MOST_CARD_BYTES + 1))
    with pytest.raises(UserError):
        write_card(folder)
    info = info_of(bundle_files(folder))
    each = info.properties[0].model_dump()
    many = [each | {"name": f"property {number} " + "é" * 150} for number in range(120)]
    by_name = {one["name"]: 1 for one in many}
    told = info.model_dump(mode="json")
    redescribe(
        folder,
        {
            "properties": many,
            "labels": by_name,
            "medians": by_name,
            "ranges": {name: [0, 1] for name in by_name},
            "blend": {name: {info.members[0]: 1} for name in by_name},
            "figures": {
                **told["figures"],
                "blend": {"wmae": 1, "wmae_row": 1}
                | {kind: by_name for kind in ("mae", "rmse", "r2", "n")},
            },
            **dict.fromkeys(("intervals", "domain", "probes", "against_measured")),
        },
    )
    (folder / CARD).unlink()
    write_card(folder)
    written = (folder / CARD).read_bytes()
    assert 5_000 < len(written) <= MOST_CARD_BYTES
    assert "90 more properties" in written.decode()
