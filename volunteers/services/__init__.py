"""The verbs of voluntary service. Each writes in one transaction; pages, the API and the demo all go through them."""
