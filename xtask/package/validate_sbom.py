"""The bill of materials against the schema of CycloneDX 1.5: `validate_sbom.py <file>`."""

import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(Path(sys.argv[1]).read_text(encoding="utf-8"))
if fault is not None:
    # The whole fault holds the whole schema.
    error = fault.data
    sys.exit(f"{sys.argv[1]}: {error.message} at {error.json_path}")
