"""Writing a section as YAML that reads back as it was, with YAML 1.2's rules and with stricter ones."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

#: Plain texts that one reader or another takes for a number, a date or a time.
_LIKE_A_NUMBER = re.compile(r"[-+]?[.0-9].*", re.DOTALL)


def to_yaml(content: dict[str, Any]) -> str:
    """A YAML document in block style."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        """Quotes what looks like a number, and never writes an alias."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

        def represent_text(self, data: str) -> Any:
            style = "'" if _LIKE_A_NUMBER.match(data) else None
            return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Representer.add_representer(str, Representer.represent_text)
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = Representer
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # keep the order of the requests
    yaml.width = 120
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()
