"""signxml as the judge of a SAML assertion that we signed (exclusive C14N, enveloped signature, RSA-SHA256).

Options: assertion (Base64), certificate (PEM), issuer, name, audience, recipient, attributes {name: value}
"""

import base64

from signxml import XMLVerifier

from client_run import run

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"


def body(options, report):
    document = base64.b64decode(options["assertion"])
    verified = XMLVerifier().verify(document, x509_cert=options["certificate"], id_attribute="ID").signed_xml
    text = lambda path: verified.findtext("/".join(SAML + part for part in path.split("/")))
    report.equal("it is the assertion that is signed", verified.tag, SAML + "Assertion")
    report.equal("issuer", text("Issuer"), options["issuer"])
    report.equal("name", text("Subject/NameID"), options["name"])
    report.equal("audience", text("Conditions/AudienceRestriction/Audience"), options["audience"])
    confirmed = verified.find(f"{SAML}Subject/{SAML}SubjectConfirmation/{SAML}SubjectConfirmationData")
    report.equal("recipient", confirmed.get("Recipient"), options["recipient"])
    attributes = {one.get("Name"): one.findtext(SAML + "AttributeValue") for one in verified.iter(SAML + "Attribute")}
    report.equal("attributes", attributes, options["attributes"])
    forged = document.replace(b"www.vendor.example", b"www.vendor.example.evil")
    try:
        XMLVerifier().verify(forged, x509_cert=options["certificate"], id_attribute="ID")
        report.check("a changed assertion fails", False)
    except Exception:
        report.check("a changed assertion fails", True)


run(body)
