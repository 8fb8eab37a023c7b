"""The commands: read the arguments, call one function, print."""
