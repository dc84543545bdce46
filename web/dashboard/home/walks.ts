// First calls by provider: each step is a path and what of its answer leads on. Data, so that a provider more is a few
// lines more.

export interface Chosen {
  id: string;
  name: string;
}

export interface WalkStep {
  title: string;
  /** From what was chosen so far, oldest first. */
  path(chosen: readonly Chosen[]): string;
  /** What the answer lets one choose; a step without it is the last. */
  choices?(value: unknown): Chosen[];
  /** Said where there is nothing to choose. */
  none?: string;
  /** Rows to draw of the last answer. */
  rows?(value: unknown): unknown[][] | null;
}

const EXCEL: readonly WalkStep[] = [
  {
    title: "List the files in the drive",
    path: () => "/v1.0/me/drive/root/children?$select=id,name",
    choices: (value) => list(value, "value").filter((file) => file.name.endsWith(".xlsx")),
    none: "There is no .xlsx file at the top of this drive. Put one there and call again.",
  },
  {
    title: "Read the worksheets",
    path: ([file]) => `/v1.0/me/drive/items/${encodeURIComponent(file?.id ?? "")}/workbook/worksheets?$select=id,name`,
    choices: (value) => list(value, "value"),
    none: "This workbook has no worksheet.",
  },
  {
    title: "Read the cells",
    path: ([file, sheet]) =>
      `/v1.0/me/drive/items/${encodeURIComponent(file?.id ?? "")}/workbook/worksheets/${encodeURIComponent(sheet?.name ?? "")}/usedRange?$select=text`,
    rows: (value) => {
      const text = (value as { text?: unknown } | null)?.text;
      return Array.isArray(text) ? text.filter(Array.isArray) : null;
    },
  },
];

const SHAREPOINT: readonly WalkStep[] = [
  {
    title: "Find the sites",
    path: () => "/v1.0/sites?search=*&$select=id,displayName",
    choices: (value) => list(value, "value", "displayName"),
    none: "This account sees no site.",
  },
  {
    title: "List the site's lists",
    path: ([site]) => `/v1.0/sites/${encodeURIComponent(site?.id ?? "")}/lists?$select=id,displayName`,
    choices: (value) => list(value, "value", "displayName"),
    none: "This site has no list.",
  },
  {
    title: "Read the items",
    path: ([site, of]) => `/v1.0/sites/${encodeURIComponent(site?.id ?? "")}/lists/${encodeURIComponent(of?.id ?? "")}/items?$expand=fields&$top=10`,
  },
];

const SHAREPOINT_REST: readonly WalkStep[] = [
  {
    title: "List the site's lists",
    path: () => "/_api/web/lists?$select=Id,Title&$filter=Hidden eq false".replaceAll(" ", "%20"),
    choices: (value) => list(value, "value", "Title", "Id"),
    none: "This site has no list.",
  },
  { title: "Read the items", path: ([of]) => `/_api/web/lists(guid'${of?.id ?? ""}')/items?$top=10` },
];

/** By the provider's name. */
export const WALKS: Readonly<Record<string, readonly WalkStep[]>> = {
  "microsoft-excel": EXCEL,
  "sharepoint-online": SHAREPOINT,
  "sharepoint-online-v1": SHAREPOINT_REST,
};

function list(value: unknown, key: string, name = "name", id = "id"): Chosen[] {
  const all = (value as Record<string, unknown> | null)?.[key];
  if (!Array.isArray(all)) return [];
  return all.flatMap((one: Record<string, unknown>) => {
    const [number, called] = [one?.[id], one?.[name]];
    return typeof number === "string" && typeof called === "string" ? [{ id: number, name: called }] : [];
  });
}
