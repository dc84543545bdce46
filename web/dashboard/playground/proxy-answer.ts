// What a call through the proxy answered, as the server wraps it: always inside JSON, never a document of its own.

export type ProxyBody =
  | { kind: "json"; value: unknown }
  | { kind: "text"; value: string }
  | { kind: "binary"; base64: string; content_type: string | null }
  | { kind: "none" };

export interface ProxyAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  body: ProxyBody;
  /** The body was longer than what is kept. */
  truncated: boolean;
  duration_ms: number;
  operation_id: string;
  /** Headers of a repeated call that the log had not kept. */
  left_out_headers?: string[];
}
