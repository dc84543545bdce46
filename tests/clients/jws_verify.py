"""jwcrypto as the judge of our signatures.

Options: tokens [{name, token, key (PEM of the public half) or secret (base64url), claims, header}], forged (tokens that must fail)
"""

import json

from jwcrypto import jwk, jwt

from client_run import run


def key_of(one):
    if "secret" in one:
        return jwk.JWK(kty="oct", k=one["secret"])
    return jwk.JWK.from_pem(one["key"].encode())


def body(options, report):
    for one in options["tokens"]:
        algorithm = one["header"]["alg"]
        token = jwt.JWT(jwt=one["token"], key=key_of(one), algs=[algorithm], check_claims={})
        report.equal(f"{one['name']}: header", json.loads(token.header), one["header"])
        report.equal(f"{one['name']}: claims", json.loads(token.claims), one["claims"])
        head, claims, signature = one["token"].split(".")
        forged = ".".join([head, claims, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")])
        try:
            jwt.JWT(jwt=forged, key=key_of(one), algs=[algorithm], check_claims={})
            report.check(f"{one['name']}: a changed signature fails", False)
        except Exception:
            report.check(f"{one['name']}: a changed signature fails", True)


run(body)
