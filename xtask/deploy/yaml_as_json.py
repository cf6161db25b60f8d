"""Writes the documents of a YAML file, read from standard input, as one array of JSON."""

import json
import sys

import yaml

json.dump([document for document in yaml.safe_load_all(sys.stdin) if document is not None], sys.stdout)
