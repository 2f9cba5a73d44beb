"""REGARDS archives: their REST interface."""
