import type { Pages } from "./en.ts";

export const de: Pages = {
  closeWindow: "Sie können dieses Fenster schließen und zur App zurückkehren.",
  thanksTitle: "Vielen Dank",
  thanksTenant: "{name} ist jetzt für {tenant} genehmigt.",
  thanksOrganization: "{name} ist jetzt für Ihre Organisation genehmigt.",
  thanksNext: "Bei der Person, die Ihnen den Link gesendet hat, geht es von selbst weiter. Sie können diese Seite schließen.",
  goneTitle: "Dieser Link gilt nicht mehr",
  goneText: "Er wurde schon benutzt oder ist älter als sieben Tage. Bitten Sie um einen neuen.",
  installedTitle: "Die App wurde installiert",
  installedText: "Sie können diese Seite schließen und dort verbinden, wo Sie begonnen haben.",
  overTitle: "Diese Anmeldung ist beendet",
  overText: "Sie wurde bereits abgeschlossen oder in einem anderen Browser begonnen. Gehen Sie zurück zu der Seite, auf der Sie begonnen haben, und verbinden Sie erneut.",
};
