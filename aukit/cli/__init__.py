"""The command line: one file a command, `app` to gather them, `terminal` to print. Nothing imports this room."""
