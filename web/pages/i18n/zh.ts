import type { Pages } from "./en.ts";

export const zh: Pages = {
  closeWindow: "您可以关闭此窗口并返回应用。",
  thanksTitle: "谢谢",
  thanksTenant: "{name} 现已获准用于 {tenant}。",
  thanksOrganization: "{name} 现已获准用于您的组织。",
  thanksNext: "向您发送链接的人可以自行继续。您可以关闭此页面。",
  goneTitle: "此链接已失效",
  goneText: "链接已被使用过，或已超过七天。请索取新链接。",
  installedTitle: "应用已安装",
  installedText: "您可以关闭此页面，并从开始的地方进行连接。",
  overTitle: "此次登录已结束",
  overText: "登录已经完成，或是在其他浏览器中开始的。请返回开始的页面并重新连接。",
};
