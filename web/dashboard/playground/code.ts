// A call as source code for curl, Node, Python and Rust.

import type { Language } from "../components/code-block.tsx";
import { KEY_VARIABLE, curl, proxyUrl } from "../logs/curl.ts";
import type { Draft } from "./request.ts";
import { bodyOf, headersOf, isJson, pathOf } from "./request.ts";

export const LANGUAGES: readonly { id: string; title: string; language: Language; write(draft: Draft, host: string): string }[] = [
  { id: "curl", title: "curl", language: "shell", write: shell },
  { id: "node", title: "Node", language: "javascript", write: node },
  { id: "python", title: "Python", language: "python", write: python },
  { id: "rust", title: "Rust", language: "rust", write: rust },
];

function shell(draft: Draft, host: string): string {
  return curl({ host, integration: draft.integration, connection: draft.connection, method: draft.method, target: pathOf(draft), headers: headersOf(draft), body: bodyOf(draft) });
}

/** With Nango's own package, pointed at this server. */
function node(draft: Draft, host: string): string {
  const known = ["get", "post", "put", "patch", "delete"].find((method) => method === draft.method.toLowerCase());
  const options = [
    ...(known === undefined ? [`  method: ${quote(draft.method)},`] : []),
    `  endpoint: ${quote(pathOf(draft))},`,
    `  providerConfigKey: ${quote(draft.integration)},`,
    `  connectionId: ${quote(draft.connection)},`,
  ];
  const headers = headersOf(draft);
  if (headers.length > 0) options.push(`  headers: {\n${headers.map(([name, value]) => `    ${quote(name)}: ${quote(value)},`).join("\n")}\n  },`);
  const body = bodyOf(draft);
  if (body !== undefined) options.push(`  data: ${isJson(body) ? indented(JSON.stringify(JSON.parse(body), null, 2), "  ") : quote(body)},`);
  return [
    `import { Nango } from "@nangohq/node";`,
    "",
    `const nango = new Nango({ host: ${quote(host)}, secretKey: process.env.${KEY_VARIABLE} });`,
    "",
    `const response = await nango.${known ?? "proxy"}({`,
    ...options,
    "});",
    "console.log(response.status, response.data);",
  ].join("\n");
}

function python(draft: Draft, host: string): string {
  const lines = controlHeaders(draft).map(([name, value]) => `        ${quote(name)}: ${quote(value)},`);
  const body = bodyOf(draft);
  return [
    "import os",
    "import requests",
    "",
    "response = requests.request(",
    `    ${quote(draft.method)},`,
    `    ${quote(proxyUrl({ host, target: pathOf(draft) }))},`,
    "    headers={",
    `        "Authorization": "Bearer " + os.environ["${KEY_VARIABLE}"],`,
    ...lines,
    "    },",
    ...(body === undefined ? [] : [`    data=${quote(body)}.encode(),`]),
    "    timeout=60,",
    ")",
    "print(response.status_code, response.text)",
  ].join("\n");
}

function rust(draft: Draft, host: string): string {
  const body = bodyOf(draft);
  return [
    "#[tokio::main]",
    "async fn main() -> Result<(), Box<dyn std::error::Error>> {",
    `    let key = std::env::var("${KEY_VARIABLE}")?;`,
    "    let response = reqwest::Client::new()",
    `        .request(reqwest::Method::${draft.method}, ${rustText(proxyUrl({ host, target: pathOf(draft) }))})`,
    "        .bearer_auth(key)",
    ...controlHeaders(draft).map(([name, value]) => `        .header(${rustText(name)}, ${rustText(value)})`),
    ...(body === undefined ? [] : [`        .body(${rustText(body)})`]),
    "        .send()",
    "        .await?;",
    `    println!("{} {}", response.status(), response.text().await?);`,
    "    Ok(())",
    "}",
  ].join("\n");
}

function controlHeaders(draft: Draft): [string, string][] {
  return [["Provider-Config-Key", draft.integration], ["Connection-Id", draft.connection], ...headersOf(draft)];
}

/** A JSON text is a text of JavaScript and of Python too. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** A raw text of Rust, with as many marks as its content asks for. */
function rustText(text: string): string {
  if (!/["\\\r]/.test(text)) return `"${text}"`;
  let marks = "#";
  while (text.includes(`"${marks}`)) marks += "#";
  return `r${marks}"${text}"${marks}`;
}

function indented(text: string, by: string): string {
  return text.replaceAll("\n", `\n${by}`);
}
