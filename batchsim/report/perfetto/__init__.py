"""A run as a trace for ui.perfetto.dev: instances with their jobs, queues and money over time.

`protobuf` writes the wire format, `track_events` Perfetto's packets, `slices` these in the order of time. `extent` says
which part of a run is shown, `tenancies` puts attempts beside each other on their hosts; `jobs`, `instances` and
`counters` are what is drawn, and `trace` writes the file.
"""
