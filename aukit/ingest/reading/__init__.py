"""What the data sets share: finding files whatever their spelling, and reading labels without guessing."""
