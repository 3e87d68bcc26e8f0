"""``python -m misid``, for where the command is not on the path."""

from misid.cli.main import main

if __name__ == "__main__":
    main()
