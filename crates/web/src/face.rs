//! A face built: its page, and its files under names that change with their content.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::asset::{Asset, hash};
use crate::css;
use crate::graph::{Graph, resolve};
use crate::problem::Problem;
use crate::sources::Sources;

/// One of the two applications of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// What end users see, under `/connect/`.
    Connect,
    /// What developers see, under `/app/`.
    Dashboard,
}

impl Face {
    /// Its folder under `web/`, slash included.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Connect => "connect/",
            Self::Dashboard => "dashboard/",
        }
    }

    /// Where its page hangs, without the base path.
    pub(crate) fn mount(self) -> &'static str {
        match self {
            Self::Connect => "/connect/",
            Self::Dashboard => "/app/",
        }
    }
}

/// A built face.
#[derive(Debug)]
pub(crate) struct Built {
    /// The page, for a path where it hangs.
    pub(crate) page: Asset,
    /// By the name under `m/`.
    pub(crate) files: HashMap<String, Asset>,
}

impl Built {
    /// Compiles, names, links and compresses everything that the face's page can load.
    pub(crate) fn new(sources: &Sources, face: Face, base_path: &str) -> Result<Self, Problem> {
        let entry = format!("{}main.tsx", face.folder());
        let graph = Graph::read(sources, &entry)?;
        let mut files = Files::default();
        for path in &graph.order {
            files.add_module(path, &graph);
        }
        let vendored = graph.order.iter().map(String::as_str).filter(|path| path.starts_with("vendor/"));
        if let Some(sheet) = css::sheet(sources, face.folder(), vendored) {
            files.add(&format!("{}styles.css", face.folder()), sheet.into_bytes().into());
        }
        let images = sources.iter().filter(|(path, _)| path.starts_with(face.folder()) && is_image(path));
        for (path, bytes) in images {
            files.add(path, bytes.clone());
        }
        let slots = Slots { face, base_path, graph: &graph, names: &files.names };
        let page = slots.fill(sources)?;
        let page = Asset::new("index.html", page.into_bytes().into()).expect("HTML is served");
        Ok(Self { page, files: files.by_name })
    }
}

fn is_image(path: &str) -> bool {
    path.ends_with(".svg") || path.ends_with(".png")
}

/// Files with the names they got.
#[derive(Default)]
struct Files {
    by_name: HashMap<String, Asset>,
    /// Source path to name.
    names: BTreeMap<String, String>,
}

impl Files {
    /// All names lie in one folder, so an import is `./name` wherever the folder hangs.
    fn add_module(&mut self, path: &str, graph: &Graph) {
        let Some(module) = graph.modules.get(path) else { return };
        let text = module.link(|import| {
            let target = resolve(path, import).ok().and_then(|target| self.names.get(&target));
            // Invariant: the graph holds what a module imports, and it came earlier in the order.
            format!("./{}", target.expect("an import was named before"))
        });
        self.add(path, text.into_bytes().into());
    }

    fn add(&mut self, path: &str, bytes: Cow<'static, [u8]>) {
        let (stem, kind) = path.rsplit_once('.').unwrap_or((path, ""));
        let kind = if matches!(kind, "ts" | "tsx") { "js" } else { kind };
        let name = format!("{}.{}.{kind}", stem.replace('/', "-"), hash(&bytes, 5));
        if let Some(asset) = Asset::new(&name, bytes) {
            self.by_name.insert(name.clone(), asset);
            self.names.insert(path.to_owned(), name);
        }
    }
}

/// What the placeholders of a page's template become.
struct Slots<'a> {
    face: Face,
    base_path: &'a str,
    graph: &'a Graph,
    names: &'a BTreeMap<String, String>,
}

impl Slots<'_> {
    fn fill(&self, sources: &Sources) -> Result<String, Problem> {
        let file = format!("{}index.html", self.face.folder());
        let bytes = sources.get(&file).ok_or_else(|| Problem::NoEntry(file.clone()))?;
        let mut rest = std::str::from_utf8(bytes).map_err(|_| Problem::NotText(file.clone()))?;
        let mut page = String::with_capacity(rest.len() * 3);
        while let Some((before, after)) = rest.split_once("{{") {
            let (slot, after) = after.split_once("}}").unwrap_or((after, ""));
            let unknown = || Problem::UnknownSlot { file: file.clone(), slot: slot.to_owned() };
            page.push_str(before);
            page.push_str(&self.slot(slot.trim()).ok_or_else(unknown)?);
            rest = after;
        }
        page.push_str(rest);
        Ok(page)
    }

    /// `base`, `styles`, `preloads`, `main`, and `asset <file of the face's folder>`.
    fn slot(&self, slot: &str) -> Option<String> {
        let folder = self.face.folder();
        let entry = format!("{folder}main.tsx");
        match slot {
            "base" => Some(self.base_path.to_owned()),
            "main" => self.address(&entry),
            "styles" => {
                let sheet = self.address(&format!("{folder}styles.css"));
                Some(sheet.map(|at| format!("<link rel=\"stylesheet\" href=\"{at}\">")).unwrap_or_default())
            }
            "preloads" => {
                let first = self.graph.order.iter().filter(|path| self.graph.first.contains(*path));
                let link = |at| format!("<link rel=\"modulepreload\" href=\"{at}\">");
                let all = first.filter(|path| **path != entry).filter_map(|path| self.address(path));
                Some(all.map(link).collect::<Vec<_>>().join("\n"))
            }
            other => self.address(&format!("{folder}{}", other.strip_prefix("asset ")?.trim())),
        }
    }

    /// Absolute, since the dashboard's page hangs under every path.
    fn address(&self, path: &str) -> Option<String> {
        let name = self.names.get(path)?;
        Some(format!("{}{}m/{name}", self.base_path, self.face.mount()))
    }
}
