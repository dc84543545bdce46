// Code or any plain text with its colours, a copy button, and a limit on what is drawn at once.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CopyButton } from "./copy.tsx";
import { visible } from "./visible.ts";

/** Characters drawn at first; a text of 5 MB in one piece would hang the page. */
const FIRST = 20_000;
/** The next piece. */
const MORE = 200_000;
/** Beyond it a text is drawn without colours. */
const COLOURED = 20_000;

export type Language = "json" | "shell" | "javascript" | "python" | "rust" | "text";

/** A block of code; `actions` stand beside the copy button. */
export function CodeBlock(props: {
  text: string;
  label: string;
  language?: Language;
  wrap?: boolean;
  actions?: ComponentChildren;
}): VNode {
  const { text } = props;
  const [shown, setShown] = useState(FIRST);
  useEffect(() => setShown(FIRST), [text]);
  const drawn = visible(text.length > shown ? text.slice(0, shown) : text);
  const language = drawn.length > COLOURED ? "text" : props.language ?? "text";
  return (
    <div class="code-block">
      <div class="code-tools">
        {props.actions}
        <CopyButton text={text} what={props.label} label="Copy" />
      </div>
      <pre tabIndex={0} role="region" aria-label={props.label} class={props.wrap === true ? "wrap" : undefined}>
        <code>{coloured(drawn, language)}</code>
      </pre>
      {text.length > shown && (
        <p class="code-cut">
          {shown.toLocaleString()} of {text.length.toLocaleString()} characters.{" "}
          <button type="button" class="plain" onClick={() => setShown(shown + MORE)}>Show more</button>
        </p>
      )}
    </div>
  );
}

const WORDS: Record<Language, string> = {
  json: "true|false|null",
  shell: "curl",
  javascript: "import|from|const|await|new|async|function|return|true|false|null|undefined",
  python: "import|from|as|def|return|with|print|True|False|None",
  rust: "use|let|fn|async|await|mut|struct|impl|match|return|true|false|Ok|Some|None",
  text: "",
};

/** The text in spans: strings, comments, numbers and the language's words. Never markup, always text nodes. */
function coloured(text: string, language: Language): ComponentChildren {
  if (language === "text") return text;
  const comment = language === "python" || language === "shell" ? "#[^\\n]*" : "//[^\\n]*";
  const strings = language === "rust" || language === "json" ? '"(?:[^"\\\\\\n]|\\\\.)*"'
    : '"(?:[^"\\\\\\n]|\\\\.)*"|\'(?:[^\'\\\\]|\\\\.)*\'';
  const parts = [`(?<string>${strings})`, `(?<word>\\b(?:${WORDS[language]})\\b)`, "(?<number>\\b\\d+(?:\\.\\d+)?\\b)"];
  if (language !== "json") parts.splice(1, 0, `(?<comment>(?<=^|\\s)${comment})`);
  const out: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(new RegExp(parts.join("|"), "g"))) {
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0] ?? "";
    out.push(text.slice(end, match.index), <span class={`code-${kind}`}>{match[0]}</span>);
    end = match.index + match[0].length;
  }
  out.push(text.slice(end));
  return out;
}
