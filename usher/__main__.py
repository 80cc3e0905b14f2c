"""`python -m usher` is `usher`; the supervisor starts its processes this way."""

from usher.cli import main

main()
