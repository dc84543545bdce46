"""Schemathesis over our own openapi.json: no 5xx, every answer as described, within a bound of examples.

Options: file (openapi.json), host, keys {"environment": …, "account": …}, examples (an operation and mode),
skip [beginnings of paths].
"""
import json
import os
import sys
import time

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

OPTIONS = json.loads(os.environ["CLIENT_OPTIONS"])
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ACCOUNT = ("/environments", "/environment/api-keys", "/account/")
SETTINGS = hypothesis.settings(
    max_examples=OPTIONS["examples"],
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Fuzz:
    def __init__(self):
        self.failures, self.calls, self.statuses, self.seen = {}, 0, {}, {}

    def operation(self, operation):
        key = OPTIONS["keys"]["account" if operation.path.startswith(ACCOUNT) else "environment"]
        headers = {"authorization": f"Bearer {key}"}
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                SETTINGS(hypothesis.given(case=strategy)(lambda case: self.call(operation, case, headers)))()
            except (hypothesis.errors.Unsatisfiable, hypothesis.errors.NoSuchExample):
                pass  # nothing in this operation can be wrong

    def call(self, operation, case, headers):
        self.calls += 1
        try:
            response = case.call_and_validate(base_url=OPTIONS["host"], headers=headers, checks=CHECKS)
        except (Exception, FailureGroup) as error:  # one failure must not hide the others
            self.failures.setdefault(operation.label, f"{error}"[:1500])
        else:
            self.seen.setdefault(operation.label, set()).add(response.status_code)
            self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1


def destructive(operation):
    return operation.method == "delete" and operation.path.startswith(ACCOUNT)


def main():
    started = time.monotonic()
    schema = schemathesis.openapi.from_path(OPTIONS["file"])
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [one for one in operations if not one.path.startswith(tuple(OPTIONS["skip"]))]
    fuzz = Fuzz()
    # What ends environments and keys comes last.
    for operation in sorted(operations, key=destructive):
        fuzz.operation(operation)
    for label, failure in fuzz.failures.items():
        print(f"--- {label}\n{failure}", file=sys.stderr)
    facts = {
        "operations": len(operations),
        "calls": fuzz.calls,
        "statuses": {str(status): count for status, count in sorted(fuzz.statuses.items())},
        "only_401": sorted(label for label, seen in fuzz.seen.items() if seen == {401}),
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps({"ok": not fuzz.failures, "checks": {label: False for label in fuzz.failures}, "facts": facts}))
    sys.exit(1 if fuzz.failures else 0)


main()
