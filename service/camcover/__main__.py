"""`python -m camcover`: the command line."""

from camcover.cli import main

main()
