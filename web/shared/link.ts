// Addresses that came from outside.

/** A link to follow, or null: only pages of the web, never a script. */
export function safeLink(link: string | null | undefined): string | null {
  return link != null && /^https?:\/\//i.test(link) ? link : null;
}
