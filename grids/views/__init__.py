"""The pages of the territory, and of the worker on her way through it."""
