"""Locators: what finds faces in pictures. No torch here."""
