"""What AWS offers and what it costs: instance types, prices, Spot statistics, Fargate sizes, billing rules.

Bundled tables, each with source and date in ``data/SOURCES.md``; read when first asked for.
"""
