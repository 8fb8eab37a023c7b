"""Where runs are executed: in this process or in others of this machine, or on a Dask cluster."""
