"""Kernels beside plain code, and the range coder beside its formulas: equal for random inputs."""

import native_builds

ROUNDS = 400
KERNELS = 8
ENTROPY_KERNELS = 5


def assert_all_rounds_equal(target: str, kernels: int) -> None:
    folder = native_builds.build("kernels", "-DABLC_KERNELS=ON", target=target)
    lines = native_builds.run(folder / target, str(ROUNDS)).splitlines()
    assert len(lines) == kernels
    assert all(line.endswith(f" {ROUNDS} of {ROUNDS} rounds equal") for line in lines)


def test_dispatched_kernels_equal_plain_code() -> None:
    assert_all_rounds_equal("compare_kernels", KERNELS)


def test_range_coder_and_models_equal_the_formulas_of_the_format() -> None:
    assert_all_rounds_equal("compare_entropy", ENTROPY_KERNELS)
