"""The fit of the forecast of stream lengths."""

import numpy as np
import pytest

for needed in ("cv2", "scipy"):
    pytest.importorskip(needed, reason="the trainers need the [train] extra")

from ablc import size_forecast  # noqa: E402
from ablc.export import size_forecast as trainer  # noqa: E402
from scenes import scene  # noqa: E402


def test_the_fit_finds_linear_relations() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(4, 3))
    features = rng.normal(size=(500, 3))
    fitted = trainer.fit(features, features @ table.T + rng.normal(0, 0.01, (500, 4)))
    assert fitted == pytest.approx(table, abs=0.01)


def test_streams_are_measured_at_every_knot() -> None:
    measured = trainer.measure(scene(64, 64))
    assert measured.shape == (len(size_forecast.KNOTS),)
    assert (np.diff(measured) < 0).all()
    assert np.shape(size_forecast.TABLE) == (
        len(size_forecast.KNOTS),
        1 + len(size_forecast.SCALES),
    )
