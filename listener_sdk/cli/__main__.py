"""``python -m listener_sdk.cli``: the command line where the installed command is not on the path."""

from . import main

main(prog_name="tickwire")
