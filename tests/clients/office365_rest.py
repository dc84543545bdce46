"""PyPI Office365-REST-Python-Client through our proxy: SharePoint REST in verbose JSON.

Options: site_url ("http://localhost:PORT/proxy/sites/x"), api_key, integration, connection_id, list, ca_file.
"""

import requests
from office365.sharepoint.client_context import ClientContext

from client_run import run


def context(options):
    session = requests.Session()
    session.headers.update(
        {"Provider-Config-Key": options["integration"], "Connection-Id": options["connection_id"]}
    )
    token = {"access_token": options["api_key"], "token_type": "Bearer", "expires_in": 3600}
    return ClientContext(options["site_url"]).with_access_token(lambda: token).with_transport(session=session)


def body(options, report):
    site = context(options)
    web = site.web.get().execute_query()
    report.check("web", web.properties.get("Title"), web.properties)
    tasks = site.web.lists.get_by_title(options["list"])
    item = tasks.add_item({"Title": "from Office365"}).execute_query()
    report.check("add", item.properties.get("Id"), item.properties)
    item.set_property("Title", "changed").update().execute_query()
    again = tasks.get_item_by_id(item.properties["Id"]).get().execute_query()
    report.equal("update", again.properties.get("Title"), "changed")
    again.delete_object().execute_query()


run(body)
