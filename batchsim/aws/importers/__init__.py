"""From AWS to a scenario: what is deployed, or about to be, as a ``batch:`` section."""
