"""`python -m ablc.export`: trains networks, exports them to ONNX, measures them."""

from ablc.export.cli import main

main()
