"""How fast Musterbook answers, in relation to what this machine can do at all. Run by ``make bench``; never shipped."""
