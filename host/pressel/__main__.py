"""`python -m pressel` is the same as the command `pressel`."""

import signal
import sys


def main() -> int:
    """Run the command line; returns the exit code. Ctrl-C while it is read ends the process as it
    ends those that know nothing of it: the shell reports 130, and there is no traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from pressel import cli

    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, handler)
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
