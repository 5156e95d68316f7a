"""Made-up networks: a card and a few bytes, which nothing here reads as ONNX."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ablc.runtime.cards import ModelCard

WEIGHTS = b"not really ONNX"


def fields(model_id: str = "fill-small", weights: bytes = WEIGHTS) -> dict[str, Any]:
    """A card as JSON has it."""
    return {
        "id": model_id,
        "role": "fill",
        "preset": "small",
        "sha256": hashlib.sha256(weights).hexdigest(),
        "size": len(weights),
        "parameters": 345_678,
        "multiply_adds": 9_750_000_000,
        "architecture": ["U-shaped, SiLU.", "No normalisation."],
        "opset": 18,
        "precision": "fp32 arithmetic, fp16 storage",
        "inputs": {
            "picture": "(B, 3, H, W) float32, 0..1",
            "mask": "(B, 1, H, W) float32, 1 = kept",
        },
        "outputs": {"picture": "(B, 3, H, W) float32, 0..1"},
        "licence": "MIT",
        "training": {
            "command": "python -m ablc.export train fill --preset small",
            "data": [
                {"name": "Street", "images": 1_200, "licence": "CC0", "note": "halved"},
                {"name": "Field", "images": 80, "licence": "CC BY 4.0", "note": ""},
            ],
            "steps": 20_000,
            "minutes": 95.5,
            "machine": "2 cores",
            "losses": {"l1": 1, "edges": 0.25},
            "reached": {"PSNR, dB": 27.25},
        },
        "figures": {
            "command": "ablc bench networks",
            "PSNR gain at 0.1 bpp, dB": 0.25,
            "SSIM": {"0.1 bpp": 0.7, "0.25 bpp": 0.8},
        },
        "limits": ["Photographs only.", "Invents façades."],
        "version": "0.1.0",
        "extras": {"range": [0, 30.5], "style": {"conv1": 1e-3}},
    }


def install(folder: Path, model_id: str = "fill-small", weights: bytes = WEIGHTS) -> ModelCard:
    """Puts a network into a folder, made if need be."""
    card = ModelCard.parse(json.dumps(fields(model_id, weights)).encode())
    folder.mkdir(exist_ok=True)
    (folder / f"{model_id}.onnx").write_bytes(weights)
    (folder / f"{model_id}.json").write_bytes(card.pack())
    return card
