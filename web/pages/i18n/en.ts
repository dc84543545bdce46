// What the pages that end a sign-in say beyond the texts of the connect page. The server reads this file: a text
// stands on a line of its own.
export const en = {
  closeWindow: "You can close this window and go back to the app.",
  thanksTitle: "Thank you",
  thanksTenant: "{name} is now approved for {tenant}.",
  thanksOrganization: "{name} is now approved for your organization.",
  thanksNext: "The person who sent you the link can go on by themselves. You can close this page.",
  goneTitle: "This link works no more",
  goneText: "It was used before, or it is older than seven days. Ask for a new one.",
  installedTitle: "The app was installed",
  installedText: "You can close this page and connect from where you started.",
  overTitle: "This sign-in is over",
  overText: "It was finished already, or it began in another browser. Go back to the page where you started and connect again.",
} as const;

/** Every text of these pages. */
export type Pages = { [key in keyof typeof en]: string };
