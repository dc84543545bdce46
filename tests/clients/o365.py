"""PyPI O365 through our proxy: the drive and a workbook session.

Options: proxy_url ("http://localhost:PORT/proxy"), api_key, integration, connection_id, file_name, ca_file.
"""

import requests
from O365 import Account, MSGraphProtocol
from O365.connection import Connection
from O365.excel import WorkBook

from client_run import run


def account(options):
    headers = {
        "Authorization": f"Bearer {options['api_key']}",
        "Provider-Config-Key": options["integration"],
        "Connection-Id": options["connection_id"],
    }

    class Protocol(MSGraphProtocol):
        _protocol_url = options["proxy_url"] + "/"

    class Proxied(Connection):
        def oauth_request(self, url, method, **arguments):
            arguments.pop("load_token", None)
            session = requests.Session()
            session.headers.update(headers)
            return self._internal_request(session, url, method, **arguments)

    class ProxiedAccount(Account):
        connection_constructor = Proxied

    return ProxiedAccount(("unused", "unused"), protocol=Protocol())


def body(options, report):
    drive = account(options).storage().get_default_drive(request_drive=True)
    items = {item.name: item for item in drive.get_items(limit=50)}
    report.check("drive", options["file_name"] in items, list(items))
    workbook = WorkBook(items[options["file_name"]], use_session=True, persist=True)
    sheets = workbook.get_worksheets()
    report.check("worksheets", sheets, sheets)
    cells = sheets[0].get_range("L1:M2")
    cells.values = [["O365", 1], ["wrote", 2]]
    cells.update()
    report.equal("range", sheets[0].get_range("L1:M2").values, [["O365", 1], ["wrote", 2]])


run(body)
