"""The matting Laplacian: the published matrix, and what it means."""

import numpy as np
import pytest

from ablc.runtime.matting import EPSILON, Matting

SIDES = 5, 7
Array = np.ndarray


def picture(seed: int, channels: int = 3) -> Array:
    return np.random.default_rng(seed).random((channels, *SIDES), np.float32)


def written_out(guide: Array, epsilon: float) -> Array:
    """(H W, H W): the matrix by the formula of Levin et al., window by window."""
    _, height, width = guide.shape
    colours = guide.reshape(3, -1).T.astype(np.float64)
    places = np.arange(height * width).reshape(height, width)
    result = np.zeros((height * width, height * width))
    for y in range(height - 2):
        for x in range(width - 2):
            window = places[y : y + 3, x : x + 3].ravel()
            away = colours[window] - colours[window].mean(0)
            held = away.T @ away / 9 + epsilon / 9 * np.eye(3)
            affinity = (1 + away @ np.linalg.solve(held, away.T)) / 9
            result[np.ix_(window, window)] += np.eye(9) - affinity
    return result


@pytest.mark.parametrize("epsilon", [EPSILON, 1e-2])
def test_energy_and_gradient_are_those_of_the_published_matrix(epsilon: float) -> None:
    guide, x = picture(1), picture(2, channels=2)
    energy, gradient = Matting.of(guide, epsilon).energy_and_gradient(x)
    matrix, flat = written_out(guide, epsilon), x.reshape(2, -1).astype(np.float64)
    assert energy == pytest.approx(np.trace(flat @ matrix @ flat.T), rel=1e-9)
    np.testing.assert_allclose(gradient.reshape(2, -1), 2 * flat @ matrix, atol=1e-9)


def test_the_energy_is_what_affine_fits_of_all_windows_leave() -> None:
    guide, x, epsilon = picture(3), picture(4, channels=1), 1e-3
    left = 0.0
    for row in range(SIDES[0] - 2):
        for column in range(SIDES[1] - 2):
            window = np.s_[:, row : row + 3, column : column + 3]
            colours, values = guide[window].reshape(3, 9), x[window].reshape(9)
            covariance = np.cov(colours, bias=True) + epsilon / 9 * np.eye(3)
            along = (colours - colours.mean(1, keepdims=True)) @ (values - values.mean()) / 9
            left += 9 * (values.var() - along @ np.linalg.solve(covariance, along))
    assert Matting.of(guide, epsilon).energy_and_gradient(x)[0] == pytest.approx(left, rel=1e-5)


def test_affine_functions_of_the_guides_colours_cost_nothing() -> None:
    guide = picture(5)
    mixed = np.tensordot([[0.3, -2.0, 0.7], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], guide, 1)
    affine = (mixed + np.array([0.1, 0.0, 5.0])[:, None, None]).astype(np.float32)
    energy, gradient = Matting.of(guide).energy_and_gradient(affine)
    assert abs(energy) < 1e-5
    assert abs(gradient).max() < 1e-5
    assert Matting.of(guide).energy_and_gradient(picture(6))[0] > 1


def test_no_picture_has_an_energy_below_zero() -> None:
    flat = np.full((3, *SIDES), 0.5, np.float32)  # no window has any variance
    for guide in (picture(7), flat):
        matting = Matting.of(guide)
        unit = np.eye(SIDES[0] * SIDES[1], dtype=np.float32).reshape(-1, *SIDES)
        matrix = matting.energy_and_gradient(unit)[1].reshape(len(unit), -1) / 2
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
        assert np.linalg.eigvalsh(matrix).min() > -1e-9


def test_the_gradient_is_the_slope_of_the_energy() -> None:
    matting, x = Matting.of(picture(8), 1e-3), picture(9).astype(np.float64)
    way = np.random.default_rng(10).standard_normal(x.shape)
    ahead, behind = (matting.energy_and_gradient(x + sign * 1e-4 * way)[0] for sign in (1, -1))
    slope = (ahead - behind) / 2e-4
    assert (matting.energy_and_gradient(x)[1] * way).sum() == pytest.approx(slope, rel=1e-6)
