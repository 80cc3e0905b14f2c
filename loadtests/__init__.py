"""Load tests: Locust crowds that wait, shop and pay by the rules, and bots that do not. See docs/load.md."""
