"""The scenario: its model, its loading with positions, its overrides, its checks, and what it resolves to."""
