"""`python -m local COMMAND`: the stack `local` on the embedded AWS."""

from __future__ import annotations

import argparse
import shlex
import sys

from local import supervisor
from local.demo import demo
from local.engine import POLICY_PACK, Engine
from local.environment import DEFAULT, EngineMissingError, aws_environment
from local.supervisor import EmulatorError, Instance

STACK = "local"


def main() -> int:
    """Run one command; its exit code."""
    arguments = _parser().parse_args()
    try:
        match arguments.command:
            case "stop":
                print("stopped" if supervisor.stop(DEFAULT.emulator) else "no embedded AWS was running")
                return 0
            case "env":
                for name, value in aws_environment(_instance()).items():
                    print(f"export {name}={shlex.quote(value)}")
                return 0
            case "demo":
                return demo(keep=arguments.keep)
            case _:
                return _pulumi(arguments.command, arguments.options)
    except (EmulatorError, EngineMissingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _pulumi(command: str, options: list[str]) -> int:
    instance = _instance()
    engine = Engine.of(DEFAULT, instance)
    engine.ensure_stack(STACK)
    pack = [] if command == "destroy" else ["--policy-pack", str(POLICY_PACK)]
    yes = [] if command == "preview" else ["--yes"]
    refresh = ["--refresh"] if DEFAULT.deployed_epoch() != instance.epoch else []
    code = engine.run(command, "--stack", STACK, *yes, *pack, *refresh, *options)
    if code == 0 and command != "preview":
        DEFAULT.record_deployed_epoch(instance.epoch)
    return code


def _instance() -> Instance:
    """The embedded AWS of this checkout, started if it is not running; it goes on until `stop`."""
    return supervisor.running(DEFAULT.emulator) or supervisor.start(DEFAULT.emulator)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "deploy"), ("preview", "show what `up` would change"), ("destroy", "delete")):
        command = commands.add_parser(name, help=f"{text} the stack `{STACK}`")
        command.add_argument("options", nargs=argparse.REMAINDER, help="options for pulumi")
    show = commands.add_parser("demo", help="deploy, send orders, show what happens, destroy")
    show.add_argument("--keep", action="store_true", help="leave everything running at the end")
    commands.add_parser("env", help="print what points an AWS SDK or CLI at the embedded AWS")
    commands.add_parser("stop", help="stop the embedded AWS; it keeps its state")
    return parser


if __name__ == "__main__":
    sys.exit(main())
