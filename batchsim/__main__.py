"""``python -m batchsim`` is the console script ``batchsim``."""

from batchsim.cli.main import main

raise SystemExit(main())
