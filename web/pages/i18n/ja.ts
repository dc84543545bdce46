import type { Pages } from "./en.ts";

export const ja: Pages = {
  closeWindow: "このウィンドウを閉じて、アプリに戻ってください。",
  thanksTitle: "ありがとうございます",
  thanksTenant: "{tenant}で{name}が承認されました。",
  thanksOrganization: "あなたの組織で{name}が承認されました。",
  thanksNext: "リンクを送った方は、そのまま続けられます。このページは閉じてかまいません。",
  goneTitle: "このリンクはもう使えません",
  goneText: "すでに使用されたか、発行から7日を過ぎています。新しいリンクを依頼してください。",
  installedTitle: "アプリがインストールされました",
  installedText: "このページを閉じて、最初の画面から接続してください。",
  overTitle: "このサインインは終了しています",
  overText: "すでに完了しているか、別のブラウザーで開始されています。最初のページに戻り、もう一度接続してください。",
};
