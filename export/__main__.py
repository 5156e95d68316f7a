"""`python -m ablc.export`: trains networks and exports them to ONNX."""

from ablc.export.cli import main

main()
