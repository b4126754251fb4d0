"""`python -m local COMMAND`: the stack `local` on the embedded AWS."""

from __future__ import annotations

import argparse
import shlex
import sys

from local import supervisor
from local.demo import demo
from local.engine import heed_interrupts
from local.environment import DEFAULT, EngineMissingError, aws_environment
from local.mappings.live import process as driver
from local.stack import LocalStack
from local.supervisor import EmulatorError, Instance
from local.watch.command import watch

_INTERRUPTED = 130
"""Exit code of a command that the user ended, as shells have it."""
_PULUMI_COMMANDS = {"up": "deploy the stack", "preview": "show what `up` would change", "destroy": "delete it"}


def main() -> int:
    """Run one command; its exit code."""
    heed_interrupts()
    parser = _parser()
    arguments, options = parser.parse_known_args()
    if options and arguments.command not in {*_PULUMI_COMMANDS, "check"}:
        parser.error(f"unknown arguments: {' '.join(options)}")
    try:
        match arguments.command:
            case "stop":
                print("stopped" if supervisor.stop(DEFAULT.emulator) else "no embedded AWS was running")
                return 0
            case "env":
                for name, value in aws_environment(_instance()).items():
                    print(f"export {name}={shlex.quote(value)}")
                return 0
            case "check":
                return LocalStack(DEFAULT, _instance()).check(*options)
            case "demo":
                return demo(keep=arguments.keep)
            case "watch":
                return watch(DEFAULT, arguments.every, arguments.seconds)
            case _:
                return LocalStack(DEFAULT, _instance()).run(arguments.command, *options)
    except (EmulatorError, EngineMissingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _instance() -> Instance:
    """The embedded AWS of this checkout, started if it is not running; it goes on until `stop`."""
    if (instance := supervisor.running(DEFAULT.emulator)) is None:
        return supervisor.start(DEFAULT.emulator)
    driver.start(DEFAULT.emulator, "detached")  # should it have been killed
    return instance


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in _PULUMI_COMMANDS.items():
        commands.add_parser(name, help=f"{text}; other options go to pulumi")
    commands.add_parser("check", help="judge a preview; other options go to `python -m policy check`")
    show = commands.add_parser("demo", help="deploy, send orders, show what happens, destroy")
    show.add_argument("--keep", action="store_true", help="leave everything running at the end")
    look = commands.add_parser("watch", help="show the running pipelines until Ctrl-C")
    look.add_argument("--every", type=_seconds, default=1, metavar="SECONDS", help="between two looks; 1 by default")
    look.add_argument("--for", type=_seconds, dest="seconds", metavar="SECONDS", help="how long, else until Ctrl-C")
    commands.add_parser("env", help="print what points an AWS SDK or CLI at the embedded AWS")
    commands.add_parser("stop", help="stop the embedded AWS; it keeps its state")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
