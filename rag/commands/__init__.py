"""The commands, by what they are about: the only modules that print and set exit codes."""
