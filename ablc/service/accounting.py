"""What a request holds and has transferred, and the memory that all requests may hold together."""

import hashlib
from dataclasses import dataclass, field
from time import perf_counter

from starlette.requests import Request

from ablc.service.problems import ProblemError

KEY = "ablc.account"  # of the ASGI scope


class MemoryBudget:
    """The bytes that all requests hold together, and their limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0


@dataclass(slots=True, eq=False)
class RequestAccount:
    """The running figures of one request, in the ASGI scope under KEY."""

    id: str
    budget: MemoryBudget
    began: float = field(default_factory=perf_counter)
    read: bool = False  # True once the whole body has been received
    received: int = 0  # bytes of the body
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)  # of the body
    sent: int = 0  # bytes of the response's body
    held: int = 0  # bytes of memory
    status: int = 499  # for the log, if the client leaves before its response begins

    def hold(self, count: int) -> None:
        """Reserve count bytes of memory until the response is sent.

        Raises ProblemError 503 if all requests together would exceed the budget.
        """
        if self.budget.held + count > self.budget.limit:
            raise ProblemError.busy("the memory for uploads and responses is in use")
        self.budget.held += count
        self.held += count

    def release(self) -> None:
        """Return all reserved memory to the budget."""
        self.budget.held -= self.held
        self.held = 0


def account_of(request: Request) -> RequestAccount:
    """Return the account of a request."""
    account: RequestAccount = request.scope[KEY]
    return account
