"""What is said of the server holds: requests that are made up from its OpenAPI are answered as it says."""

import json
import urllib.request

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (content_type_conformance, response_schema_conformance,
                                               status_code_conformance)


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_server_does_as_its_openapi_says(served):
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
        @given(case=operation.as_strategy())
        def ask(case):
            case.call_and_validate(checks=CHECKS)

        ask()


def test_the_examples_are_what_the_server_takes(served):
    with urllib.request.urlopen(f"{served.url}/openapi.json") as answer:
        document = json.load(answer)
    assert document["openapi"] == "3.1.0"
    name, row = next(item for item in document["components"]["schemas"].items() if item[0].startswith("Row."))
    assert name.startswith("Row.titanic.")
    body = json.dumps(row["examples"][0]).encode()
    request = urllib.request.Request(f"{served.url}/v1/models/titanic/predict", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["refused"] == 0
