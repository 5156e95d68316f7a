"""`python -m ablc` is the command `ablc`."""

from ablc.cli.main import main

if __name__ == "__main__":
    main()
