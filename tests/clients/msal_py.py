"""Python msal against the sandbox's Entra ID: secret, certificate, code flow with nonce, device code, errors.

Options: authority (https), ca_file, client_id, client_secret, expired_secret, scope, redirect_uri, login, user_scopes,
node (to walk the pages), device (whether to try the device code), daemon {client_id, client_secret, certificate_file,
key_file}.
"""

import json
import os
import pathlib
import subprocess
import urllib.parse

import msal

from client_run import run

HERE = pathlib.Path(__file__).parent


def walk(options, url, until, fields=None):
    """Signs in with the walker of lib/forms.mjs and returns the parameters of the final redirect.

    Without `until` the walk ends on the first page that offers no way on.
    """
    script = (
        "import { walk } from './lib/forms.mjs';"
        "const o = JSON.parse(process.env.WALK);"
        "try { console.log(JSON.stringify((await walk(o.url, o)).href)); }"
        "catch (error) { if (o.until) { console.error(error); process.exit(1); } console.log('\"\"'); }"
    )
    environment = dict(os.environ, WALK=json.dumps({"url": url, "until": until, "login": options["login"], "fields": fields or {}}))
    if options.get("ca_file"):
        environment["NODE_EXTRA_CA_CERTS"] = options["ca_file"]
    node = [options.get("node", "node"), "--input-type=module", "--eval", script]
    output = subprocess.run(node, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    if output.returncode != 0:
        raise RuntimeError(output.stderr)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(json.loads(output.stdout)).query))


def confidential(options, client_id, credential):
    return msal.ConfidentialClientApplication(
        client_id, authority=options["authority"], instance_discovery=False, client_credential=credential
    )


def daemon(options, report):
    own = options["daemon"]
    scope = [options["scope"]]
    result = confidential(options, own["client_id"], own["client_secret"]).acquire_token_for_client(scope)
    report.check("secret", "access_token" in result, result)
    if own.get("certificate_file"):
        credential = {
            "private_key": pathlib.Path(own["key_file"]).read_text(),
            "public_certificate": pathlib.Path(own["certificate_file"]).read_text(),
        }
        result = confidential(options, own["client_id"], credential).acquire_token_for_client(scope)
        report.check("certificate", "access_token" in result, result)


def code_flow(options, report):
    application = confidential(options, options["client_id"], options["client_secret"])
    flow = application.initiate_auth_code_flow(options["user_scopes"], redirect_uri=options["redirect_uri"])
    answer = walk(options, flow["auth_uri"], options["redirect_uri"])
    result = application.acquire_token_by_auth_code_flow(flow, answer)
    claims = result.get("id_token_claims", {})
    report.equal("code flow", claims.get("preferred_username"), options["login"])
    report.facts["tenant"] = claims.get("tid")
    refreshed = application.acquire_token_by_refresh_token(result.get("refresh_token", ""), options["user_scopes"])
    report.check("refresh", "access_token" in refreshed, refreshed)


def device_code(options, report):
    application = msal.PublicClientApplication(
        options["client_id"], authority=options["authority"], instance_discovery=False
    )
    flow = application.initiate_device_flow(scopes=options["user_scopes"])
    report.check("device code", "user_code" in flow, flow)
    walk(options, flow["verification_uri"], None, {name: flow["user_code"] for name in ("user_code", "otc", "code")})
    result = application.acquire_token_by_device_flow(flow)
    report.check("device code: token", "access_token" in result, result)


def refusals(options, report):
    def error_of(secret, scope):
        return confidential(options, options["client_id"], secret).acquire_token_for_client([scope])

    wrong = error_of("wrong", options["scope"])
    report.equal("wrong secret", [wrong.get("error"), wrong.get("error_codes")], ["invalid_client", [7000215]])
    if options.get("expired_secret"):
        expired = error_of(options["expired_secret"], options["scope"])
        report.equal("expired secret", expired.get("error_codes"), [7000222])
    application = confidential(options, options["client_id"], options["client_secret"])
    unknown = application.acquire_token_by_refresh_token("not-a-token", options["user_scopes"])
    report.equal("unknown refresh token", unknown.get("error"), "invalid_grant")


def body(options, report):
    if options.get("daemon"):
        daemon(options, report)
    code_flow(options, report)
    if options.get("device"):
        device_code(options, report)
    refusals(options, report)


run(body)
