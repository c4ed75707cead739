"""The `conformance` command: its subcommands, its exit codes, and what an error looks like."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from conformance import __version__
from conformance.cli.config import ConfigError, read_config

BUG = 3
USAGE = 2

COMMANDS = {
    "run": "conformance.cli.run",
    "report": "conformance.cli.report",
    "replay": "conformance.cli.replay",
    "spec": "conformance.cli.spec",
    "doctor": "conformance.cli.doctor",
}
HELP = {
    "run": "Run the suite on the targets and write results and report.",
    "report": "Make the HTML report (or Markdown, JUnit) of a results file.",
    "replay": "Run one case again, on the targets or on one of them.",
    "spec": "List, show and lint the specs of the losses.",
    "doctor": "Say what is installed and which targets can run.",
}


class Commands(click.Group):
    """Imports a subcommand when it is called, so that `--help` costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(HELP.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="conformance")
@click.pass_context
def root(ctx: click.Context) -> None:
    """What each machine-learning loss is, and whether an implementation computes it.

    Exit codes: 0 conforms, 1 findings, 2 bad flag, config, spec or results file, 3 a bug in this
    suite, 4 incomplete, 5 nothing selected.
    """
    ctx.default_map = read_config()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit by the contract."""
    sys.exit(invoke(arguments))


def invoke(arguments: list[str] | None = None) -> int:
    """Run the command line and give its exit code; errors are printed to stderr."""
    try:
        result: Any = root.main(
            arguments, "conformance", standalone_mode=False, auto_envvar_prefix="CONFORMANCE"
        )
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show(sys.stderr)
        return USAGE
    except Exception as error:
        if not isinstance(error, (ConfigError, *_input_errors())):
            return _bug(error)
        click.echo(str(error), err=True)
        return USAGE
    return result if isinstance(result, int) else 0


def _input_errors() -> tuple[type[Exception], ...]:
    """Errors of what was given to us; only those whose modules were loaded can have been raised."""
    places = (
        ("conformance.specs.errors", "SpecError"),
        ("conformance.results.read", "ResultsError"),
        ("conformance.cases.recipe", "CaseTextError"),
        ("conformance.targets.target", "TargetError"),
    )
    return tuple(getattr(sys.modules[m], name) for m, name in places if m in sys.modules)


def _bug(error: Exception) -> int:
    import traceback

    traceback.print_exception(error)
    click.echo("this is a bug in the suite, not in what it tests; please report it", err=True)
    return BUG
