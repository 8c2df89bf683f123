"""Suites: many runs that fill one table. A file is read into variants, planned as runs, and run where missing."""
