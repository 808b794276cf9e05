"""The verbs of incidents. Each writes in one transaction; pages, the API, imports and the demo all go through them."""
