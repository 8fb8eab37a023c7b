"""The simulation of AWS Batch on SimPy: life cycle, queues, placement, fleets, market, recording."""
