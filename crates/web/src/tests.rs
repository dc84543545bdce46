use std::io::Read as _;

use crate::face::Built;
use crate::sources::{self, Sources};
use crate::{Assets, Face, Problem};

/// Bytes on the wire for the connect page's first view, compressed, headers apart (issue 4).
const CONNECT_BUDGET: usize = 38 * 1024;

fn of(files: &[(&str, &'static str)]) -> Sources {
    let mut all: Sources =
        files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().into())).collect();
    all.entry("dashboard/index.html".into())
        .or_insert_with(|| b"{{base}}|{{styles}}|{{preloads}}|{{main}}"[..].into());
    all
}

fn build(files: &[(&str, &'static str)]) -> Result<Built, Problem> {
    Built::new(&of(files), Face::Dashboard, "/base")
}

fn text(asset: &crate::Asset) -> String {
    String::from_utf8(asset.body.to_vec()).unwrap()
}

fn named<'a>(built: &'a Built, start: &str) -> (&'a str, String) {
    let (name, asset) = built.files.iter().find(|(name, _)| name.starts_with(start)).expect(start);
    (name, text(asset))
}

#[test]
fn modules_name_each_other_by_content_in_one_folder() {
    let files = [
        (
            "dashboard/main.tsx",
            "import { h } from './a/b.ts'; import s from '../shared/s.ts'; import('./late.tsx'); h(s);",
        ),
        ("dashboard/a/b.ts", "export const h = (x: unknown) => x;"),
        ("dashboard/late.tsx", "export { h } from './a/b.ts'; import './only-late.ts';"),
        ("dashboard/only-late.ts", "export {};"),
        ("shared/s.ts", "export default 1;"),
        ("dashboard/icon.svg", "<svg/>"),
        ("dashboard/styles/x.css", "a { b : c }"),
    ];
    let built = build(&files).unwrap();
    let (b, _) = named(&built, "dashboard-a-b.");
    let (main, code) = named(&built, "dashboard-main.");
    assert!(code.contains(&format!("from\"./{b}\"")) && code.contains("import(`./dashboard-late."), "{code}");
    let page = text(&built.page);
    let parts: Vec<&str> = page.split('|').collect();
    assert_eq!(parts[0], "/base");
    assert!(parts[1].starts_with("<link rel=\"stylesheet\" href=\"/base/app/m/dashboard-styles."), "{page}");
    assert!(parts[2].contains(&format!("<link rel=\"modulepreload\" href=\"/base/app/m/{b}\">")), "{page}");
    assert!(parts[2].contains("shared-s.") && !parts[2].contains("late"), "{page}");
    assert_eq!(parts[3], format!("/base/app/m/{main}"));
    assert_eq!(named(&built, "dashboard-styles.").1, "a{b : c}");
    assert!(named(&built, "dashboard-icon.").0.ends_with(".svg"));

    // What changes below changes every name above, and no other.
    let mut edited = files;
    edited[4].1 = "export default 2;";
    let again = build(&edited).unwrap();
    assert_ne!(named(&again, "dashboard-main.").0, main);
    assert_eq!(named(&again, "dashboard-a-b.").0, b);
}

#[test]
fn what_cannot_work_is_refused_with_its_place() {
    let main = "dashboard/main.tsx";
    let cases: [(&[(&str, &'static str)], &str); 7] = [
        (&[], "dashboard/main.tsx is not there"),
        (
            &[(main, "import './b.ts';"), ("dashboard/b.ts", "import './main.tsx';")],
            "dashboard/main.tsx → dashboard/b.ts → dashboard/main.tsx",
        ),
        (&[(main, "import './b.ts';"), ("dashboard/b.ts", "import('./main.tsx');")], "import each other"),
        (&[(main, "import 'react';")], "\"react\", which is not vendored"),
        (&[(main, "import './gone.ts';")], "dashboard/main.tsx names ./gone.ts"),
        (&[(main, "import '../../../etc/x.ts';")], "names ../../../etc/x.ts"),
        (&[(main, "let a: = 1;")], "dashboard/main.tsx:1:8"),
    ];
    for (files, words) in cases {
        let problem = build(files).unwrap_err().to_string();
        assert!(problem.contains(words), "{problem}");
    }
    let slot = build(&[(main, ""), ("dashboard/index.html", "{{nothing}}")]).unwrap_err();
    assert!(slot.to_string().contains("{{nothing}}"), "{slot}");
}

#[test]
fn every_source_compiles_and_every_face_is_built() {
    let sources = sources::read();
    for face in [Face::Connect, Face::Dashboard] {
        Built::new(&sources, face, "").unwrap_or_else(|problem| panic!("{problem}"));
    }
    let options = typescript::Options { jsx_import_source: "preact".into(), names: typescript::Names::Short };
    let mut seen = 0;
    for (path, bytes) in sources.iter().filter(|(path, _)| path.ends_with(".ts") || path.ends_with(".tsx")) {
        let compiled = typescript::compile(path, std::str::from_utf8(bytes).unwrap(), &options);
        assert!(compiled.is_ok(), "{}", compiled.unwrap_err()[0]);
        seen += 1;
    }
    assert!(seen > 10, "only {seen} sources: does the test still read the folder?");
}

#[test]
fn nothing_inline_stands_in_a_page_and_no_script_parses_html() {
    let sources = sources::read();
    for face in [Face::Connect, Face::Dashboard] {
        let built = Built::new(&sources, face, "").unwrap_or_else(|problem| panic!("{problem}"));
        let page = text(&built.page).to_lowercase();
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=").count());
        assert!(!page.contains("<style") && !page.contains("style=") && !page.contains(" on"), "{page}");
        assert!(page.contains("name=\"referrer\" content=\"no-referrer\""), "{page}");
    }
    let bad = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "dangerously",
    ];
    for (path, bytes) in sources.iter().filter(|(path, _)| !path.starts_with("vendor/")) {
        let code = String::from_utf8_lossy(bytes);
        assert!(bad.iter().all(|word| !code.contains(word)), "{path}");
    }
}

#[test]
fn the_connect_page_is_small_on_the_wire() {
    let sources = sources::read();
    let built = Built::new(&sources, Face::Connect, "").unwrap();
    let page = text(&built.page);
    let size = |asset: &crate::Asset| asset.gzip.as_ref().map_or(asset.body.len(), Vec::len);
    let files: usize =
        built.files.iter().filter(|(name, _)| page.contains(*name)).map(|(_, asset)| size(asset)).sum();
    let total = files + size(&built.page);
    println!("first view: {total} bytes of at most {CONNECT_BUDGET}");
    assert!(total > 10_000 && total < CONNECT_BUDGET, "{total} bytes");
}

#[test]
fn compressed_and_plain_are_the_same_text_under_two_tags() {
    let assets = Assets::new("/base/");
    let page = assets.page(Face::Connect).unwrap();
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(page.gzip.as_deref().unwrap()).read_to_end(&mut plain).unwrap();
    assert_eq!(plain, page.body.as_ref());
    assert_eq!((page.content_type, page.etag.len()), ("text/html; charset=utf-8", 34));
    assert!(page.gzip_etag().ends_with("-gzip\"") && page.gzip_etag() != page.etag);
}

#[test]
fn files_are_found_by_their_names_alone() {
    let assets = Assets::new("/base/");
    let page = text(&assets.page(Face::Connect).unwrap());
    let (_, after) = page.split_once("src=\"/base/connect/m/").unwrap();
    let main = after.split_once('"').unwrap().0;
    assert!(assets.file(Face::Connect, main).is_some());
    for name in ["", "main.tsx", "connect/main.tsx", "../pages/result.js", "index.html", "connect-main.js"] {
        assert!(assets.file(Face::Connect, name).is_none(), "{name}");
    }
    assert!(assets.file(Face::Dashboard, main).is_none());
    assert!(assets.result_file("result.js").is_some() && assets.result_file("result.css").is_some());
    assert!(assets.result_file("result.html").is_none() && assets.result_file("x").is_none());
}
