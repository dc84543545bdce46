// Characters that nobody sees, and that turn the text around them about, are written as their escapes: what is read must
// be what is there. Copying still gives the text itself.

const UNSEEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** The text with controls and directional marks (Unicode Annex 9) as `\u202e`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
