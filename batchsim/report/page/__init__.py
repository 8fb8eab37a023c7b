"""``report.html``: one self-contained page of a run or an experiment, readable without any script."""
