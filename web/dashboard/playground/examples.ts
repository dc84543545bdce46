// Requests to begin with, by definition. Data: a definition that is not here simply has none.

export interface Example {
  title: string;
  method: string;
  path: string;
  body?: string;
  headers?: [string, string][];
}

const get = (title: string, path: string, headers?: [string, string][]): Example =>
  headers === undefined ? { title, method: "GET", path } : { title, method: "GET", path, headers };

const send = (title: string, method: string, path: string, body: unknown, headers?: [string, string][]): Example => ({
  title, method, path, body: JSON.stringify(body, null, 2), ...(headers === undefined ? {} : { headers }),
});

const WORKBOOK = "/v1.0/me/drive/root:/Sales.xlsx:/workbook";

const EXCEL: Example[] = [
  get("Files in the drive", "/v1.0/me/drive/root/children?$select=id,name,size,lastModifiedDateTime"),
  get("Worksheets of a workbook", `${WORKBOOK}/worksheets`),
  get("Used range of a sheet", `${WORKBOOK}/worksheets('Orders')/usedRange(valuesOnly=true)`),
  get("A range of cells", `${WORKBOOK}/worksheets('Orders')/range(address='A1:G12')`),
  get("Tables", `${WORKBOOK}/tables`),
  get("Rows of a table", `${WORKBOOK}/tables('Orders')/rows?$top=50`),
  send("Write cells", "PATCH", `${WORKBOOK}/worksheets('Summary')/range(address='H1:I2')`, { values: [["Written by", "Sheetbend"], ["at", "=NOW()"]] }),
  send("Add a table row", "POST", `${WORKBOOK}/tables('Orders')/rows`, { values: [["O-9001", "2026-01-15", "North", "Rope", 3, 12.5, null]] }),
  send("Calculate with a function", "POST", `${WORKBOOK}/functions/pmt`, { rate: 0.05 / 12, nper: 60, pv: -20000 }),
  get("Who I am", "/v1.0/me"),
];

const USER_WORKBOOK = "/v1.0/users/ada@contoso.example/drive/root:/Sales.xlsx:/workbook";

const EXCEL_APP: Example[] = [
  get("People", "/v1.0/users?$select=id,displayName,mail,userPrincipalName"),
  get("Files of a person", "/v1.0/users/ada@contoso.example/drive/root/children?$select=id,name,size"),
  get("Worksheets of a workbook", `${USER_WORKBOOK}/worksheets`),
  get("Used range of a sheet", `${USER_WORKBOOK}/worksheets('Orders')/usedRange(valuesOnly=true)`),
];

const SHAREPOINT: Example[] = [
  get("The root site", "/v1.0/sites/root"),
  get("Sites", "/v1.0/sites?search=*"),
  get("Lists of a site", "/v1.0/sites/root/lists?$select=id,displayName,webUrl"),
  get("Items of a list", "/v1.0/sites/root/lists/Tasks/items?expand=fields&$top=20"),
  get("Columns of a list", "/v1.0/sites/root/lists/Tasks/columns"),
  get("Files of the document library", "/v1.0/sites/root/drive/root/children"),
  get("What changed", "/v1.0/sites/root/lists/Tasks/items/delta"),
  send("Add a list item", "POST", "/v1.0/sites/root/lists/Tasks/items", { fields: { Title: "From the playground" } }),
];

const PLAIN: [string, string][] = [["Accept", "application/json;odata=nometadata"]];

const SHAREPOINT_V1: Example[] = [
  get("The site", "/_api/web?$select=Title,Url,Created", PLAIN),
  get("Lists", "/_api/web/lists?$filter=Hidden eq false&$select=Id,Title,ItemCount", PLAIN),
  get("Items of a list", "/_api/web/lists/getbytitle('Tasks')/items?$top=20", PLAIN),
  get("Fields of a list", "/_api/web/lists/getbytitle('Tasks')/fields?$filter=Hidden eq false&$select=Title,InternalName,TypeAsString", PLAIN),
  get("Who I am", "/_api/web/currentuser", PLAIN),
  send("Add a list item", "POST", "/_api/web/lists/getbytitle('Tasks')/items", { Title: "From the playground" }, [
    ...PLAIN, ["Content-Type", "application/json;odata=nometadata"],
  ]),
  get("Search", "/_api/search/query?querytext='task'", PLAIN),
];

const EXAMPLES: Record<string, Example[]> = {
  "microsoft-excel": EXCEL,
  "microsoft-excel-oauth2-cc": EXCEL_APP,
  "sharepoint-online": SHAREPOINT,
  "sharepoint-online-oauth2-cc": SHAREPOINT,
  "sharepoint-online-v1": SHAREPOINT_V1,
  microsoft: [get("Who I am", "/v1.0/me"), get("Files", "/v1.0/me/drive/root/children"), get("Messages", "/v1.0/me/messages?$top=10&$select=subject,from,receivedDateTime")],
  "one-drive": [get("Files", "/v1.0/me/drive/root/children"), get("Recently used", "/v1.0/me/drive/recent")],
  outlook: [get("Messages", "/v1.0/me/messages?$top=10&$select=subject,from,receivedDateTime"), get("Events", "/v1.0/me/events?$top=10&$select=subject,start,end")],
  "microsoft-teams": [get("Teams I am in", "/v1.0/me/joinedTeams"), get("Chats", "/v1.0/me/chats?$top=10")],
  "google-sheet": [get("A spreadsheet's values", "/v4/spreadsheets/{spreadsheetId}/values/Sheet1!A1:Z50")],
  "google-drive": [get("Files", "/drive/v3/files?pageSize=20&fields=files(id,name,mimeType,modifiedTime)")],
  "google-calendar": [get("Calendars", "/calendar/v3/users/me/calendarList"), get("Events", "/calendar/v3/calendars/primary/events?maxResults=10")],
  "google-mail": [get("Messages", "/gmail/v1/users/me/messages?maxResults=10"), get("Profile", "/gmail/v1/users/me/profile")],
  github: [get("Who I am", "/user"), get("Repositories", "/user/repos?per_page=20&sort=updated"), get("Rate limit", "/rate_limit")],
  gitlab: [get("Who I am", "/api/v4/user"), get("Projects", "/api/v4/projects?membership=true&per_page=20")],
  slack: [get("Who I am", "/auth.test"), get("Channels", "/conversations.list?limit=50"), get("People", "/users.list?limit=50")],
  notion: [send("Search", "POST", "/v1/search", { page_size: 20 }), get("People", "/v1/users")],
  hubspot: [get("Contacts", "/crm/v3/objects/contacts?limit=20"), get("Companies", "/crm/v3/objects/companies?limit=20")],
  salesforce: [get("Accounts", "/services/data/v60.0/query?q=SELECT+Id,Name+FROM+Account+LIMIT+20"), get("Limits", "/services/data/v60.0/limits")],
  airtable: [get("Bases", "/v0/meta/bases"), get("Who I am", "/v0/meta/whoami")],
  stripe: [get("Customers", "/v1/customers?limit=10"), get("Balance", "/v1/balance")],
  linear: [send("Issues", "POST", "/graphql", { query: "{ issues(first: 20) { nodes { identifier title state { name } } } }" })],
  asana: [get("Who I am", "/api/1.0/users/me"), get("Workspaces", "/api/1.0/workspaces")],
  zendesk: [get("Tickets", "/api/v2/tickets.json?per_page=20"), get("Who I am", "/api/v2/users/me.json")],
  intercom: [get("Who I am", "/me"), get("Contacts", "/contacts?per_page=20")],
  dropbox: [send("Files", "POST", "/2/files/list_folder", { path: "" }), { title: "Who I am", method: "POST", path: "/2/users/get_current_account", body: "null" }],
};

/** The ready requests of a definition. */
export function examplesOf(definition: string): readonly Example[] {
  return Object.hasOwn(EXAMPLES, definition) ? EXAMPLES[definition] ?? [] : [];
}
