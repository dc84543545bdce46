import { render } from "preact";

render(<h1>Sheetbend</h1>, document.getElementById("app")!);
