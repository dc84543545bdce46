import type { Pages } from "./en.ts";

export const es: Pages = {
  closeWindow: "Puede cerrar esta ventana y volver a la aplicación.",
  thanksTitle: "Gracias",
  thanksTenant: "{name} ya está aprobado para {tenant}.",
  thanksOrganization: "{name} ya está aprobado para su organización.",
  thanksNext: "La persona que le envió el enlace puede continuar por su cuenta. Puede cerrar esta página.",
  goneTitle: "Este enlace ya no sirve",
  goneText: "Ya se usó o tiene más de siete días. Pida uno nuevo.",
  installedTitle: "La aplicación se instaló",
  installedText: "Puede cerrar esta página y conectar desde donde empezó.",
  overTitle: "Este inicio de sesión ya terminó",
  overText: "Ya se completó, o empezó en otro navegador. Vuelva a la página donde empezó y conéctese de nuevo.",
};
