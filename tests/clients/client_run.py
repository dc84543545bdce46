"""Frame of the Python scripts: options in, one JSON line of results out, exit status 1 if a check failed."""

import json
import os
import sys
import traceback


class Report:
    def __init__(self):
        self.checks = {}
        self.facts = {}

    def check(self, name, holds, seen=None):
        self.checks[name] = bool(holds)
        if not holds:
            print(f"FAILED {name}: {seen!r}", file=sys.stderr)

    def equal(self, name, seen, wanted):
        self.check(name, seen == wanted, {"seen": seen, "wanted": wanted})


def run(body):
    """Runs a script's body(options, report); options are JSON in CLIENT_OPTIONS or the first argument."""
    options = json.loads(os.environ.get("CLIENT_OPTIONS") or sys.argv[1])
    if options.get("ca_file"):
        # requests lets this variable win over verify=, and this machine may have set it already.
        os.environ["REQUESTS_CA_BUNDLE"] = options["ca_file"]
    report = Report()
    try:
        body(options, report)
        report.check("ran to its end", True)
    except Exception:
        report.check("ran to its end", False, traceback.format_exc())
    ok = all(report.checks.values())
    print(json.dumps({"ok": ok, "checks": report.checks, "facts": report.facts}))
    sys.exit(0 if ok else 1)
