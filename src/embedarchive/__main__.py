"""`python -m embedarchive`: the command line, by the interpreter that has it installed."""

from embedarchive.cli import main

if __name__ == "__main__":
    main()
