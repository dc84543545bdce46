// Server-sent events read from a fetched stream, because an EventSource can send no headers.

export interface Event {
  name: string;
  data: string;
}

/** Characters of one event; a longer one ends the stream, so that no peer fills the page's memory. */
const LONGEST = 2_000_000;

/** The events of a stream, until it ends. Comments (heartbeats) come as events named `heartbeat`. */
export async function* events(stream: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      if (rest.length > LONGEST) return;
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) yield eventOf(block);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function eventOf(block: string): Event {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 && name === "message" ? { name: "heartbeat", data: "" } : { name, data: data.join("\n") };
}
