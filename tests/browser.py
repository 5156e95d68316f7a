"""A headless Chromium that tests drive through its debugging pipe; no library is needed."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
READ, WRITE = 3, 4  # where Chromium's end of the pipe is


def find() -> str | None:
    """Return the path of Chromium; None if it is not installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page in one browser, with its errors and its requests."""

    def __init__(self, program: str, profile: Path, page: Path) -> None:
        self.errors: list[str] = []  # of the console, and exceptions of scripts
        self.requests: list[str] = []  # addresses that are neither the page's nor inside it
        self._page = page.resolve().as_uri()
        self._events: list[dict[str, Any]] = []
        self._rest = b""
        self._last = 0
        self._session: str | None = None
        self._start(program, profile)
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        attached = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")

    def _start(self, program: str, profile: Path) -> None:
        to_it, self._out = os.pipe()
        self._in, from_it = os.pipe()

        def connect() -> None:
            high = [os.dup(end) for end in (to_it, from_it)]
            os.dup2(high[0], READ)
            os.dup2(high[1], WRITE)

        switches = ["--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run"]
        if os.geteuid() == 0:
            switches.append("--no-sandbox")
        self._process = subprocess.Popen(
            [program, *switches, f"--user-data-dir={profile}"],
            preexec_fn=connect,
            pass_fds=(READ, WRITE),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_it)
        os.close(from_it)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        os.close(self._in)
        self._process.terminate()
        self._process.wait()

    def show(self, width: int, height: int, *, dark: bool = False, path: str = "") -> None:
        """Open the page, or one at a path below it, in a window of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._send("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self._send("Page.navigate", url=self._page + path)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._record(self._receive())
        frame = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.value(frame)

    def value(self, script: str) -> Any:
        """Return the value of an expression of JavaScript."""
        how = {"expression": script, "returnByValue": True, "awaitPromise": True}
        evaluated = self._send("Runtime.evaluate", **how)
        if "exceptionDetails" in evaluated:
            raise AssertionError(evaluated["exceptionDetails"])
        return evaluated["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key."""
        code = {"Tab": 9, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39}[key]
        pressed = {
            "key": key,
            "code": "Space" if key == " " else key,
            "windowsVirtualKeyCode": code,
        }
        text = {"text": key} if key == " " else {}
        self._send("Input.dispatchKeyEvent", type="keyDown", **pressed, **text)
        self._send("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def picture(self, *, whole: bool = False) -> bytes:
        """Return a PNG file of the window, or of the whole page."""
        captured = self._send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(captured["data"])

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (reply := self._receive()).get("id") != self._last:
            self._record(reply)
        if "error" in reply:
            raise AssertionError(f"{method}: {reply['error']}")
        result: dict[str, Any] = reply["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in, 1 << 16)
            if not more:
                raise AssertionError("the browser has ended")
            self._rest += more
        message, self._rest = self._rest.split(b"\0", 1)
        received: dict[str, Any] = json.loads(message)
        return received

    def _record(self, event: dict[str, Any]) -> None:
        """Keep an event, and note errors and requests."""
        self._events.append(event)
        parameters = event.get("params", {})
        if event["method"] == "Network.requestWillBeSent":
            address = parameters["request"]["url"]
            if not address.startswith(("data:", self._page)):
                self.requests.append(address)
        elif event["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(parameters["exceptionDetails"]))
        elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] == "error":
            self.errors.append(json.dumps(parameters["args"]))
        elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])
