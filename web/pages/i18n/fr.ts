import type { Pages } from "./en.ts";

export const fr: Pages = {
  closeWindow: "Vous pouvez fermer cette fenêtre et revenir à l’application.",
  thanksTitle: "Merci",
  thanksTenant: "{name} est désormais approuvé pour {tenant}.",
  thanksOrganization: "{name} est désormais approuvé pour votre organisation.",
  thanksNext: "La personne qui vous a envoyé le lien peut continuer d’elle-même. Vous pouvez fermer cette page.",
  goneTitle: "Ce lien n’est plus valable",
  goneText: "Il a déjà servi, ou il date de plus de sept jours. Demandez-en un nouveau.",
  installedTitle: "L’application a été installée",
  installedText: "Vous pouvez fermer cette page et vous connecter là où vous avez commencé.",
  overTitle: "Cette identification est terminée",
  overText: "Elle a déjà abouti, ou elle a commencé dans un autre navigateur. Revenez à la page où vous avez commencé et connectez-vous de nouveau.",
};
