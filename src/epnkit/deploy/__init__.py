"""A DaCHS to serve from: private or system, and the services laid into it."""
