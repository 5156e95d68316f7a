"""The codec behind HTTP: `ablc serve`, or `ablc.service.app.create` for any ASGI server."""
