"""The text of a scenario: reading, places, values and changes to them."""
