"""The `conformance` command: its subcommands, its exit codes, and what an error looks like."""

from __future__ import annotations

import difflib
import importlib
import io
import sys
from collections.abc import Callable
from typing import Any

import click

from conformance import __version__
from conformance.cli.config import ConfigError, read_config
from conformance.cli.signals import code_of, heed, interrupting
from conformance.cli.storage import keep_hypothesis_out
from conformance.cli.verdict import BUG, USAGE, Incomplete, NothingSelected

COMMANDS = {
    "run": "conformance.cli.run",
    "check": "conformance.cli.check",
    "compare": "conformance.cli.compare",
    "audit": "conformance.cli.audit",
    "merge": "conformance.cli.merge",
    "accept": "conformance.cli.accept",
    "report": "conformance.cli.report",
    "diff": "conformance.cli.diff",
    "replay": "conformance.cli.replay",
    "spec": "conformance.cli.spec",
    "certify": "conformance.cli.certify",
    "env": "conformance.cli.env",
    "doctor": "conformance.cli.doctor",
}
HELP = {
    "run": "Run the suite on the targets; write results and report.",
    "check": "Validate your own implementation of a loss.",
    "compare": "Say where targets differ by design, and the calls that agree.",
    "audit": "Compare two framework versions, each in an environment of its own.",
    "merge": "Merge the results of shards, or of jobs, into those of the whole run.",
    "accept": "List the findings of a results file as known deviations.",
    "report": "Make a report of a results file: HTML, Markdown, JUnit, CSV.",
    "diff": "Say what moved between two results files.",
    "replay": "Run one case again, on the targets or on one of them.",
    "spec": "List, show and lint the specs of the losses.",
    "certify": "Hold the reference to the oracle, within its own bound.",
    "env": "List, prune and find the environments that audits built.",
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            remedy = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]!r}; {remedy}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(HELP.items()))


EXIT_CODES = """Exit codes: 0 conforms, 1 findings, 2 bad flag, config, spec or results file, 3 a bug
in this suite, 4 incomplete, 5 nothing selected."""


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES
)
@click.version_option(__version__, prog_name="conformance")
@click.pass_context
def root(ctx: click.Context) -> None:
    """Hold implementations of machine-learning losses to what each loss is.

    Defaults stand in [tool.conformance] of pyproject.toml; a CONFORMANCE_* variable goes before
    them, a flag before both.
    """
    keep_hypothesis_out()
    ctx.default_map = read_config()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit by the contract."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without UTF-8 is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    heed()
    sys.exit(invoke(arguments))


def invoke(arguments: list[str] | None = None) -> int:
    """Run the command line and give its exit code; errors are printed to stderr."""
    return coded(lambda: root.main(arguments, "conformance", standalone_mode=False))


def coded(action: Callable[[], Any]) -> int:
    """Do it and give the exit code by the contract; errors are printed to stderr."""
    try:
        result = action()
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt) as error:
        click.echo("interrupted", err=True)
        return code_of(error)
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code if isinstance(error, (NothingSelected, Incomplete)) else USAGE
    except Exception as error:
        if interrupting(error) is not None:
            click.echo("interrupted", err=True)
            return code_of(error)
        if not isinstance(error, (ConfigError, *_input_errors())):
            return _bug(error)
        click.echo(f"Error: {error}", err=True)
        return USAGE
    return result if isinstance(result, int) else 0


def _input_errors() -> tuple[type[Exception], ...]:
    """Errors of what was given to us; only those whose modules were loaded can have been raised."""
    places = (
        ("conformance.specs.errors", "SpecError"),
        ("conformance.results.read", "ResultsError"),
        ("conformance.results.partition", "MergeError"),
        ("conformance.results.pairing", "DiffError"),
        ("conformance.cases.recipe", "CaseTextError"),
        ("conformance.engine.shard", "ShardError"),
        ("conformance.targets.target", "TargetError"),
        ("conformance.targets.place", "PlaceError"),
        ("conformance.targets.candidate", "CandidateError"),
        ("conformance.environments.errors", "RequirementError"),
    )
    return tuple(getattr(sys.modules[m], name) for m, name in places if m in sys.modules)


def _bug(error: Exception) -> int:
    import traceback

    traceback.print_exception(error)
    click.echo("this is a bug in the suite, not in what it tests; please report it", err=True)
    return BUG
