import type { Pages } from "./en.ts";

export const pt: Pages = {
  closeWindow: "Você pode fechar esta janela e voltar ao aplicativo.",
  thanksTitle: "Obrigado",
  thanksTenant: "{name} agora está aprovado para {tenant}.",
  thanksOrganization: "{name} agora está aprovado para a sua organização.",
  thanksNext: "A pessoa que enviou o link pode continuar sozinha. Você pode fechar esta página.",
  goneTitle: "Este link não vale mais",
  goneText: "Ele já foi usado ou tem mais de sete dias. Peça um novo.",
  installedTitle: "O aplicativo foi instalado",
  installedText: "Você pode fechar esta página e conectar de onde começou.",
  overTitle: "Esta entrada já terminou",
  overText: "Ela já foi concluída ou começou em outro navegador. Volte à página onde começou e conecte de novo.",
};
