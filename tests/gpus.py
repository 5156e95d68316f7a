"""Providers other than the CPU, where there are any."""

import pytest

import ablc
from ablc.runtime import registry, session

PROVIDERS = ("cuda", "tensorrt")


def need(provider: str) -> None:
    """Skips the test unless the provider works here."""
    if provider not in session.available():
        pytest.skip(f"this build of ONNX Runtime has no {provider}")
    try:
        session.start(registry.card("fill-small"), provider)
    except ablc.ProviderError as error:
        pytest.skip(f"{provider} does not work here: {error}")
