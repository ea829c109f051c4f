"""Reads scrapes as Prometheus' own client reads them.

Standard input is a JSON list of texts. For each, standard output has a list of metrics:
[name, type, [[name of the sample, labels, value], ...]].
"""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families


def read(text):
    families = text_string_to_metric_families(text)
    return [[family.name, family.type, [[s.name, s.labels, s.value] for s in family.samples]] for family in families]


json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
