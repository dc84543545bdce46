"""Prometheus' own parsers as judges of our metrics.

Options: text (the answer), kind (its Content-Type). Facts: samples {"name{label=value,…}": value}
"""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
from prometheus_client.parser import text_string_to_metric_families as classic

from client_run import run


def named(sample):
    labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def body(options, report):
    report.check("OpenMetrics is what it says", options["kind"].startswith("application/openmetrics-text"), options["kind"])
    families = list(strict(options["text"]))
    report.check("every metric is described", all(one.documentation for one in families), families)
    report.check("every name is ours", all(one.name.startswith("sheetbend_") for one in families), families)
    names = [one.name for one in families]
    report.equal("no family twice", len(names), len(set(names)))
    samples = {named(sample): sample.value for one in families for sample in one.samples}
    report.facts["samples"] = samples
    # The older format's parser, as scrapers of others use it, sees the same samples.
    older = {named(sample): sample.value for one in classic(options["text"]) for sample in one.samples}
    report.equal("the older parser agrees", older, samples)


run(body)
