"""From source videos to a clip store. No torch."""
