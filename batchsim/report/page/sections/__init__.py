"""The sections of a page, one module each: what they say and show, made of results."""
