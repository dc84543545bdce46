// Which tags are the customer's own. The rest are written from the end user of a connect session and shown as such.

const OF_THE_END_USER = new Set(["end_user_id", "end_user_email", "end_user_display_name", "organization_id", "organization_display_name"]);

export function ownTags(tags: Record<string, string>): [string, string][] {
  return Object.entries(tags).filter(([name]) => !OF_THE_END_USER.has(name));
}
