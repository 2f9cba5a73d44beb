"""Maps of a body as HiPS, which Aladin and the page lay under footprints."""
