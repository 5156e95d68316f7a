"""Kernels as dispatched on this machine beside plain code: equal results for random inputs."""

import native_builds

ROUNDS = 400
KERNELS = 9


def test_dispatched_kernels_equal_plain_code() -> None:
    target = "compare_kernels"
    folder = native_builds.build("kernels", "-DABLC_KERNELS=ON", target=target)
    lines = native_builds.run(folder / target, str(ROUNDS)).splitlines()
    assert len(lines) == KERNELS
    assert all(line.endswith(f" {ROUNDS} of {ROUNDS} rounds equal") for line in lines)
