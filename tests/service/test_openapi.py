"""The description of the API, and that the service keeps to it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from serving import Service

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("ABLC_EXAMPLES", "15"))


def test_what_is_described_is_what_there_is(service: Service) -> None:
    described = service.get("/openapi.json").json
    assert sorted(described["paths"]) == [
        "/compare",
        "/decode",
        "/encode",
        "/healthz",
        "/inspect",
        "/metrics",
        "/readyz",
        "/transcode",
    ]
    encode = described["paths"]["/encode"]["post"]
    assert {"image/png", "image/jpeg", "multipart/form-data"} <= set(
        encode["requestBody"]["content"]
    )
    assert list(encode["responses"]["200"]["content"]) == ["image/x-ablc"]
    assert "application/problem+json" in encode["responses"]["503"]["content"]


def test_schemas_are_components(service: Service) -> None:
    described = service.get("/openapi.json").json
    schemas = described["components"]["schemas"]
    encode = described["paths"]["/encode"]["post"]
    parameters = {parameter["name"]: parameter["schema"] for parameter in encode["parameters"]}
    assert parameters["quality"]["$ref"] == "#/components/schemas/Quality"
    assert (schemas["Quality"]["minimum"], schemas["Quality"]["maximum"]) == (1, 100)
    assert parameters["effort"]["default"] == 5
    assert parameters["effort"]["description"]
    form = encode["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form == {"$ref": "#/components/schemas/UploadForm"}
    for path, name in (("/inspect", "Inspection"), ("/compare", "PeerComparison")):
        content = described["paths"][path]["post"]["responses"]["200"]["content"]
        assert content["application/json"]["schema"]["$ref"].endswith(name)
    for path in ("/decode", "/encode", "/transcode", "/compare", "/inspect"):
        refusal = described["paths"][path]["post"]["responses"]["422"]["content"]
        assert refusal == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }
    assert "HTTPValidationError" not in schemas


def test_schemathesis_finds_nothing(service: Service, tmp_path: Path) -> None:
    tool = shutil.which("schemathesis", path=os.path.dirname(sys.executable))
    if tool is None:
        pytest.skip("schemathesis is not installed")
    settings = ["--config-file", str(HERE / "schemathesis.toml")]
    target = f"http://127.0.0.1:{service.port}/openapi.json"
    ended = subprocess.run(
        [tool, *settings, "run", target, "-n", str(EXAMPLES)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "bodies", "PYTHONPATH": str(HERE)},
    )
    assert ended.returncode == 0, ended.stdout[-6000:]
