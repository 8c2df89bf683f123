"""The command line: one file a command, `app` gathers them, `terminal` prints. Nothing imports this room."""
