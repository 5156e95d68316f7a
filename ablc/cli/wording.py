"""Refusals of options in the words of ablc, not of the library that checks them."""

from typing import Any

import typer

from ablc import validation


class App(typer.Typer):
    """An app of Typer's whose refusals have the words of ablc."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the app. Raises typer.BadParameter for a value that is not allowed."""
        try:
            return super().__call__(*arguments, **named)
        except typer.BadParameter as error:
            errors = getattr(error.__cause__, "errors", None)  # of pydantic's ValidationError
            if errors is not None:
                error.message = validation.refusal(errors()[0])
            raise
