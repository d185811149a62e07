"""`python -m pressel` is the same as the command `pressel`."""

import sys

from pressel.cli import main

sys.exit(main())
