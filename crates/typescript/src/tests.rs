use super::*;

fn options() -> Options {
    Options { jsx_import_source: "preact".into(), names: Names::Kept }
}

fn printed(file: &str, source: &str) -> String {
    compile(file, source, &options()).unwrap().link(|import| import.specifier.clone())
}

#[test]
fn types_and_comments_go_and_the_language_stays() {
    let source = "
        // says why
        import type { Row } from './rows.ts';
        import { type Cell, cell } from './cells.ts';
        interface Shape { wide: number }
        export const area = (row: Row, shape?: Shape): number => row.high * (shape?.wide ?? 2n as unknown as number);
        export class Table<T> { #rows: T[] = []; add(row: T): this { this.#rows.push(row); return this; } }
        export { cell }; let a = area satisfies unknown; a!;
    ";
    let text = printed("x.ts", source);
    assert!(
        text.starts_with("import{cell}from\"./cells.ts\";export const area=(row,shape)=>row.high*"),
        "{text}"
    );
    assert!(text.contains("shape?.wide??2n") && text.contains("#rows=[]"), "{text}");
    assert!(!text.contains("says why") && !text.contains('\n') && !text.contains("satisfies"), "{text}");
}

#[test]
fn jsx_calls_the_automatic_runtime() {
    let text = printed(
        "x.tsx",
        "export const view = (n: string) => <><p class=\"a\" key={n}>{n} {'{'}b</p><I/></>;",
    );
    assert!(text.contains("from\"preact/jsx-runtime\""), "{text}");
    assert!(text.contains("_jsxs(_Fragment,{children:"), "{text}");
    assert!(text.contains("_jsx(I,{})") && !text.contains("file"), "{text}");
}

#[test]
fn imports_are_found_and_get_their_addresses() {
    let source = "import a, { b } from './a.ts'; import './side.js'; export * from './all.ts';
        export { c } from './c.ts'; export type { D } from './d.ts';
        export const page = () => import('./page.tsx'); a(b);";
    let module = compile("x.ts", source, &options()).unwrap();
    let named: Vec<(&str, Loading)> =
        module.imports.iter().map(|import| (import.specifier.as_str(), import.loading)).collect();
    let first = Loading::First;
    let wanted = [
        ("./a.ts", first),
        ("./side.js", first),
        ("./all.ts", first),
        ("./c.ts", first),
        ("./page.tsx", Loading::Later),
    ];
    assert_eq!(named, wanted);
    let text = module.link(|import| format!("./m/{}", import.specifier.trim_start_matches("./")));
    for part in ["from\"./m/a.ts\"", "import\"./m/side.js\"", "from\"./m/all.ts\"", "import(`./m/page.tsx`)"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("d.ts") && !text.contains("@@"), "{text}");
}

#[test]
fn what_a_licence_asks_to_keep_is_kept() {
    let text = printed("x.js", "/*! MIT, A. Author */\n/* other */\nexport const x = 1;");
    assert!(text.contains("MIT, A. Author") && !text.contains("other"), "{text}");
}

#[test]
fn a_problem_says_where_and_shows_it() {
    let source = "const one = 1;\nconst ü = <T,>(x: T) => {\n  return x +;\n};\n";
    let problems = compile("pages/x.ts", source, &options()).unwrap_err();
    let problem = &problems[0];
    assert_eq!((problem.file.as_str(), problem.line, problem.column), ("pages/x.ts", 3, 13));
    let shown = problem.to_string();
    assert!(shown.starts_with("pages/x.ts:3:13: "), "{shown}");
    assert!(shown.contains("3 |   return x +;\n  |             ^"), "{shown}");
}

#[test]
fn what_cannot_be_told_from_syntax_alone_is_found_too() {
    let problems = compile("x.ts", "let a = 1; let a = 2;", &options()).unwrap_err();
    assert!(problems[0].message.contains("already been declared"), "{}", problems[0]);
}

#[test]
fn odd_sources_are_refused_with_words() {
    for (file, source, words) in [
        ("x.css", "a{}", "no TypeScript"),
        ("x.ts", "const a = '@@import:0@@';", "kept for the compiler"),
        ("x.ts", "const a = (p: string) => import(p);", "takes a literal"),
        ("x.ts", "\u{0}\u{0}", ""),
    ] {
        let problems = compile(file, source, &options()).unwrap_err();
        assert!(problems[0].to_string().contains(words), "{}", problems[0]);
    }
}

#[test]
fn an_empty_source_is_a_module() {
    assert_eq!(printed("x.ts", ""), "");
}

#[test]
fn short_names_keep_what_others_see() {
    let source = "import { given as taken } from './a.ts'; const inside = (longName: { property: number }) => longName.property;
        export const shown = () => inside(taken); export default class Named { #hidden = 1; get open() { return this.#hidden; } }";
    let module = compile("x.ts", source, &Options { names: Names::Short, ..options() }).unwrap();
    let text = module.link(|import| import.specifier.clone());
    for kept in ["given as ", "shown", "property", "get open()"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    for gone in ["longName", "inside", "hidden", "taken"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
}
