// Any JSON value as a tree that opens piece by piece: what is closed costs nothing, whatever its size.

import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { visible } from "./visible.ts";

/** Children drawn at once; more on demand. */
const BRANCH = 100;
/** Characters of a text drawn at once; more on demand. */
const TEXT = 1_000;
/** The next piece of a long text. */
const MORE_TEXT = 20_000;
/** Beyond it nothing opens by itself. */
const OPEN_CHILDREN = 40;
/** Beyond it a level no longer moves to the right. */
const INDENTED = 16;

/** The tree of a value; `openTo` levels are open at first, where they are small. */
export function JsonTree(props: { value: unknown; label: string; openTo?: number }): VNode {
  return (
    <div class="json" role="group" aria-label={props.label}>
      <Node value={props.value} depth={0} openTo={props.openTo ?? 2} />
    </div>
  );
}

interface NodeProps {
  name?: string;
  value: unknown;
  depth: number;
  openTo: number;
}

function Node({ name, value, depth, openTo }: NodeProps): VNode {
  if (typeof value === "object" && value !== null) {
    return <Branch name={name ?? null} value={value} depth={depth} openTo={openTo} />;
  }
  return <div class="json-leaf"><Name of={name} /><Leaf value={value} /></div>;
}

function Name(props: { of: string | undefined | null }): VNode | null {
  if (props.of === undefined || props.of === null) return null;
  return <><span class="json-name"><Text text={props.of} most={200} /></span><span class="json-mark">: </span></>;
}

function Branch(props: { name: string | null; value: object; depth: number; openTo: number }): VNode {
  const { value, depth } = props;
  const list = Array.isArray(value);
  // Keys only: a list of a million numbers must not become a million pairs before anybody opens it.
  const keys = list ? null : Object.keys(value);
  const count = list ? value.length : keys?.length ?? 0;
  const [open, setOpen] = useState(depth < props.openTo && (depth === 0 || count <= OPEN_CHILDREN));
  const [shown, setShown] = useState(BRANCH);
  if (count === 0) {
    return <div class="json-leaf"><Name of={props.name} /><span class="json-mark">{list ? "[ ]" : "{ }"}</span></div>;
  }
  const child = (index: number): ComponentChildren => {
    const key = keys === null ? String(index) : keys[index] ?? "";
    const inner: unknown = keys === null ? (value as unknown[])[index] : (value as Record<string, unknown>)[key];
    return <Node key={key} name={key} value={inner} depth={depth + 1} openTo={props.openTo} />;
  };
  return (
    <div class="json-branch">
      <button type="button" class="json-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="json-arrow" aria-hidden="true" />
        <Name of={props.name} />
        <span class="json-mark">{size(list, count)}</span>
      </button>
      {open && (
        <div class={depth < INDENTED ? "json-children" : undefined}>
          {Array.from({ length: Math.min(shown, count) }, (_, index) => child(index))}
          {shown < count && (
            <button type="button" class="plain" onClick={() => setShown(shown + BRANCH)}>
              Show {Math.min(BRANCH, count - shown)} more of {(count - shown).toLocaleString()}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function size(list: boolean, count: number): string {
  const noun = list ? (count === 1 ? "item" : "items") : (count === 1 ? "field" : "fields");
  return list ? `[ ${count.toLocaleString()} ${noun} ]` : `{ ${count.toLocaleString()} ${noun} }`;
}

function Leaf({ value }: { value: unknown }): VNode {
  if (typeof value === "string") {
    return <span class="json-text">“<Text text={value} most={TEXT} />”</span>;
  }
  const kind = value === null ? "json-null" : typeof value === "boolean" ? "json-truth" : "json-number";
  return <span class={kind}>{String(value)}</span>;
}

/** A text cut at a length, with a way to see the rest. */
export function Text({ text, most }: { text: string; most: number }): VNode {
  const [shown, setShown] = useState(most);
  if (text.length <= shown) return <>{visible(text)}</>;
  return (
    <>
      {visible(text.slice(0, shown))}…{" "}
      <button type="button" class="plain" onClick={() => setShown(shown + MORE_TEXT)}>
        {(text.length - shown).toLocaleString()} more characters
      </button>
    </>
  );
}
