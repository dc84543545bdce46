"""Requests that a provider received are verified by others' code: oauthlib's server side, botocore's signer, hashlib.

Options: file, a JSON list of requests, each {kind, method, url, headers: [[name, value]], body (Base64)} with what its kind needs:
oauth1 {client_key, client_secret, token, token_secret, verifier?, temporary?, realm?}, sigv4 {access_key_id, secret_access_key,
session_token?, region, service}, wsse {username, password}.
"""

import base64
import hashlib
import json
import pathlib
import re

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint
from oauthlib.oauth1.rfc5849 import SIGNATURE_HMAC, SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT, SIGNATURE_RSA

from client_run import run


class Validator(RequestValidator):
    """What a provider knows of one client; every nonce is taken once."""

    seen = set()
    enforce_ssl = False
    allowed_signature_methods = (SIGNATURE_HMAC, SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT, SIGNATURE_RSA)
    nonce_length = (16, 64)
    client_key_length = request_token_length = access_token_length = verifier_length = (1, 128)
    timestamp_lifetime = 10**9
    dummy_client = "dummy"

    def __init__(self, one):
        super().__init__()
        self.one = one

    safe_characters = frozenset(map(chr, range(33, 127)))

    def validate_client_key(self, client_key, request):
        return client_key == self.one["client_key"]

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None, access_token=None):
        key = (client_key, timestamp, nonce, access_token)
        fresh = key not in self.seen
        self.seen.add(key)
        return fresh

    def get_client_secret(self, client_key, request):
        return self.one["client_secret"]

    def get_access_token_secret(self, client_key, token, request):
        return self.one.get("token_secret", "") if token == self.one.get("token") else "another"

    def get_rsa_key(self, client_key, request):
        return self.one["public_key"]


def oauth1(report, name, one, body):
    headers = {key: value for key, value in one["headers"]}
    if one.get("token") is None and "oauth_token" in headers.get("authorization", ""):
        report.check(f"{name}: a token came", False)
    endpoint = SignatureOnlyEndpoint(Validator(one))
    valid, _ = endpoint.validate_request(one["url"], one["method"], body.decode(), headers)
    report.check(f"{name}: oauthlib accepts the signature", valid, headers.get("authorization"))
    again, _ = endpoint.validate_request(one["url"], one["method"], body.decode(), headers)
    report.check(f"{name}: its nonce works once", not again)
    realm = re.search(r'realm="([^"]*)"', headers.get("authorization", ""))
    report.equal(f"{name}: the realm", realm and realm.group(1), one.get("realm"))


def sigv4(report, name, one, body):
    headers = [(key.lower(), value) for key, value in one["headers"]]
    lookup = dict(headers)
    parts = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        lookup["authorization"],
    )
    report.check(f"{name}: the header has the three parts", parts)
    signed = parts.group(2).split(";")
    scope = f"{one['access_key_id']}/{lookup['x-amz-date'][:8]}/{one['region']}/{one['service']}/aws4_request"
    report.equal(f"{name}: the scope", parts.group(1), scope)
    for needed in ["host", "x-amz-date"] + (["x-amz-security-token"] if one.get("session_token") else []):
        report.check(f"{name}: {needed} is signed", needed in signed, signed)
    report.equal(f"{name}: the session", lookup.get("x-amz-security-token"), one.get("session_token"))
    if "x-amz-content-sha256" in lookup:
        report.equal(f"{name}: the payload", lookup["x-amz-content-sha256"], hashlib.sha256(body).hexdigest())
    request = AWSRequest(method=one["method"], url=one["url"], data=body)
    for key, value in headers:
        if key in signed:
            request.headers[key] = value
    request.context["timestamp"] = lookup["x-amz-date"]
    signer = S3SigV4Auth if one["service"] == "s3" else SigV4Auth
    signer = signer(Credentials(one["access_key_id"], one["secret_access_key"]), one["service"], one["region"])
    text = signer.string_to_sign(request, signer.canonical_request(request))
    report.equal(f"{name}: botocore computes the same", parts.group(3), signer.signature(text, request))


def wsse(report, name, one, body):
    token = dict((key.lower(), value) for key, value in one["headers"])["x-wsse"]
    parts = dict(re.findall(r'(\w+)="([^"]*)"', token))
    report.equal(f"{name}: the name", parts["Username"], one["username"])
    text = parts["Nonce"] + parts["Created"] + one["password"]
    digest = base64.b64encode(hashlib.sha1(text.encode()).hexdigest().encode()).decode()
    report.equal(f"{name}: the digest", parts["PasswordDigest"], digest)


KINDS = {"oauth1": oauth1, "sigv4": sigv4, "wsse": wsse}


def body(options, report):
    requests = json.loads(pathlib.Path(options["file"]).read_text())
    for number, one in enumerate(requests):
        KINDS[one["kind"]](report, f"{number} {one['kind']} {one['method']}", one, base64.b64decode(one["body"]))
    report.facts["verified"] = len(requests)


run(body)
