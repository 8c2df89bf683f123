"""Every built-in component as a record. Classes are named by import path, so nothing heavy is imported here."""
