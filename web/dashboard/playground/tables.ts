// Lists inside an answer, as tables. Known by their shape, never by who answered.

import type { GridData } from "../components/grid.tsx";

export interface Table {
  title: string;
  data: GridData;
}

type Fields = Record<string, unknown>;

/** Rows looked at to find out what columns there are. */
const LOOKED_AT = 500;
/** Fields of objects that become columns of their own, for one name. */
const SPREAD = 40;
/** How deep lists are looked for. */
const DEPTH = 3;

/** The tables of an answer: a range's `values`, lists of rows, lists of objects. */
export function tablesOf(answer: unknown): Table[] {
  return find(answer, "Answer", 0).slice(0, 12);
}

function find(value: unknown, title: string, depth: number): Table[] {
  if (Array.isArray(value)) {
    const one = tableOf(value, title, 0);
    return one === null ? [] : [one];
  }
  const fields = object(value);
  if (fields === null || depth > DEPTH) return [];
  if (isMatrix(fields["values"])) {
    const address = typeof fields["address"] === "string" ? fields["address"] : "";
    return [{ title: address === "" ? title : address, data: lettered(fields["values"], columnOf(address)) }];
  }
  return Object.entries(fields).flatMap(([name, inner]) => (typeof inner === "object" ? find(inner, depth === 0 ? name : `${title}.${name}`, depth + 1) : []));
}

function tableOf(list: readonly unknown[], title: string, first: number): Table | null {
  if (list.length === 0) return null;
  if (isMatrix(list)) return { title, data: lettered(list, first) };
  const rows = list.map(object);
  if (rows.some((row) => row === null)) return null;
  const objects = rows as Fields[];
  // Rows of a worksheet's table: `{index, values: [[…]]}`, one line of cells each.
  if (objects.every((row) => isMatrix(row["values"]) && (row["values"] as unknown[]).length === 1)) {
    return { title, data: lettered(objects.map((row) => (row["values"] as unknown[][])[0] ?? []), first) };
  }
  const columns = columnsOf(objects.slice(0, LOOKED_AT)).sort((one, other) => rank(one) - rank(other));
  return { title, data: { columns: columns.map((column) => column.join(".")), rows: objects.map((row) => columns.map((column) => valueAt(row, column))) } };
}

/** A name, or two where the values are objects of few fields: `fields`, `Title`. */
type Column = readonly string[];

function columnsOf(rows: readonly Fields[]): Column[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].flatMap((name): Column[] => {
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined);
    const inner = values.map(object);
    if (values.length === 0 || inner.some((one) => one === null)) return [[name]];
    const keys = new Set(inner.flatMap((one) => Object.keys(one ?? {})));
    return keys.size === 0 || keys.size > SPREAD ? [[name]] : [...keys].map((key) => [name, key]);
  });
}

function valueAt(row: Fields, column: Column): unknown {
  const value = row[column[0] ?? ""];
  return column.length === 1 ? value : object(value)?.[column[1] ?? ""];
}

/** What names a row stands first, then plain values, then parts of objects, then the protocol's notes. */
function rank(column: Column): number {
  const name = column.join(".");
  if (name.includes("@") || name.startsWith("__") || name.startsWith("odata.")) return 4;
  if (/^(id|name|title|displayName|fields\.Title)$/i.test(name)) return 0;
  return column.length === 1 ? 1 : 2;
}

function isMatrix(value: unknown): value is unknown[][] {
  return Array.isArray(value) && value.length > 0 && value.every((row) => Array.isArray(row));
}

function lettered(rows: readonly unknown[][], first: number): GridData {
  const width = Math.max(0, ...rows.slice(0, 10_000).map((row) => row.length));
  return { columns: Array.from({ length: width }, (_, index) => letters(first + index)), rows };
}

/** `Sheet1!C4:D9` begins with column 2. */
function columnOf(address: string): number {
  const match = /(?:!|^)\$?([A-Z]{1,3})\$?\d+/.exec(address);
  if (match?.[1] === undefined) return 0;
  return [...match[1]].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** 0 → A, 25 → Z, 26 → AA. */
export function letters(index: number): string {
  let text = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) text = String.fromCharCode(65 + ((rest - 1) % 26)) + text;
  return text;
}

function object(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}
