"""How fast batchsim is, as ratios measured in one run: ``python -m benchmarks``."""
