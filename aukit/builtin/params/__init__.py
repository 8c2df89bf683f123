"""Parameters of the built-in components: light, so that recipes are validated without torch."""
