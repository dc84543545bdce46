//! Which modules a face is made of: from its entry through every import, each before those that import it.

use std::collections::{BTreeMap, BTreeSet};

use typescript::{Import, Loading, Module, Names, Options};

use crate::problem::Problem;
use crate::sources::Sources;

/// The modules that a page may import by a bare name (`web/vendor/README.md`).
const VENDORED: &[(&str, &str)] = &[
    ("preact", "vendor/preact.js"),
    ("preact/hooks", "vendor/preact-hooks.js"),
    ("preact/jsx-runtime", "vendor/preact-jsx-runtime.js"),
    ("@preact/signals", "vendor/preact-signals.js"),
    ("@preact/signals-core", "vendor/preact-signals-core.js"),
];

/// A face's modules.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// By path, compiled.
    pub(crate) modules: BTreeMap<String, Module>,
    /// Every path after all that it imports.
    pub(crate) order: Vec<String>,
    /// Paths that load before the entry runs, the entry among them.
    pub(crate) first: BTreeSet<String>,
}

impl Graph {
    /// Compiles what the entry needs.
    ///
    /// # Errors
    /// A source does not compile, names nothing, names a package that is not vendored, or imports itself on some way.
    pub(crate) fn read(sources: &Sources, entry: &str) -> Result<Self, Problem> {
        let mut graph = Self::default();
        graph.enter(sources, entry, &mut Vec::new())?;
        graph.follow(entry);
        Ok(graph)
    }

    fn enter(&mut self, sources: &Sources, path: &str, way: &mut Vec<String>) -> Result<(), Problem> {
        if way.iter().any(|before| before == path) {
            return Err(Problem::Cycle(format!("{} → {path}", way.join(" → "))));
        }
        if self.modules.contains_key(path) {
            return Ok(());
        }
        let module = compiled(sources, path)?;
        way.push(path.to_owned());
        for import in &module.imports {
            let target = resolve(path, import)?;
            if !sources.contains_key(&target) {
                return Err(Problem::Missing { file: path.to_owned(), names: import.specifier.clone() });
            }
            self.enter(sources, &target, way)?;
        }
        way.pop();
        self.modules.insert(path.to_owned(), module);
        self.order.push(path.to_owned());
        Ok(())
    }

    fn follow(&mut self, path: &str) {
        if !self.first.insert(path.to_owned()) {
            return;
        }
        let before = self.modules.get(path).into_iter().flat_map(|module| &module.imports);
        let targets: Vec<String> = before
            .filter(|import| import.loading == Loading::First)
            .filter_map(|import| resolve(path, import).ok())
            .collect();
        targets.iter().for_each(|target| self.follow(target));
    }
}

fn compiled(sources: &Sources, path: &str) -> Result<Module, Problem> {
    let bytes = sources.get(path).ok_or_else(|| Problem::NoEntry(path.to_owned()))?;
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::NotText(path.to_owned()))?;
    let options = Options { jsx_import_source: "preact".into(), names: Names::Short };
    typescript::compile(path, text, &options).map_err(|found| {
        let all: Vec<String> = found.iter().map(ToString::to_string).collect();
        Problem::Source(all.join("\n\n"))
    })
}

/// The path that a specifier means in a file. Relative ones keep their extension.
pub(crate) fn resolve(from: &str, import: &Import) -> Result<String, Problem> {
    let specifier = import.specifier.as_str();
    if !specifier.starts_with("./") && !specifier.starts_with("../") {
        let known = VENDORED.iter().find(|(name, _)| *name == specifier);
        let unknown = || Problem::UnknownName { file: from.to_owned(), name: specifier.to_owned() };
        return known.map(|(_, path)| (*path).to_owned()).ok_or_else(unknown);
    }
    let missing = || Problem::Missing { file: from.to_owned(), names: specifier.to_owned() };
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop().ok_or_else(missing)?;
            }
            name => parts.push(name),
        }
    }
    Ok(parts.join("/"))
}
