//! One source to one module whose imports still wait for their addresses.

use std::path::Path;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration, ImportExpression, Program,
    StringLiteral,
};
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions, LegalComment};
use oxc_diagnostics::Diagnostics;
use oxc_mangler::{MangleOptions, Mangler};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{GetSpan, SourceType};
use oxc_str::Str;
use oxc_transformer::{JsxOptions, TransformOptions, Transformer, TypeScriptOptions};

use crate::problem::Problem;

/// Stands in the printed module where an import's address will: number, then the closing half.
const MARK: (&str, &str) = ("@@import:", "@@");

/// How sources are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The package whose `jsx-runtime` JSX calls, for example `preact`.
    pub jsx_import_source: String,
    /// What becomes of the names of variables and functions.
    pub names: Names,
}

/// What becomes of names that no other module sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// They stay: an error's stack says where it was.
    Kept,
    /// One or two letters, for the wire.
    Short,
}

/// When a module asks for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loading {
    /// Before it runs: `import … from`, `export … from`.
    First,
    /// While it runs: `import(…)`.
    Later,
}

/// Another module that one asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Import {
    /// As written in the source, or the JSX runtime's.
    pub specifier: String,
    /// When.
    pub loading: Loading,
}

/// A compiled module.
#[derive(Debug, Clone)]
pub struct Module {
    /// In the order of the source; types leave none.
    pub imports: Vec<Import>,
    code: String,
}

impl Module {
    /// The module's text with each import's address in place of its specifier. An address must not need escaping
    /// inside double quotes.
    pub fn link(&self, mut address: impl FnMut(&Import) -> String) -> String {
        let mut text = String::with_capacity(self.code.len());
        let mut rest = self.code.as_str();
        while let Some((before, after)) = rest.split_once(MARK.0) {
            text.push_str(before);
            let numbered = after.split_once(MARK.1).and_then(|(number, after)| {
                let import = self.imports.get(number.parse::<usize>().ok()?)?;
                Some((import, after))
            });
            // Invariant: `compile` refuses sources that hold the mark themselves.
            let (import, after) = numbered.expect("a mark has its import");
            text.push_str(&address(import));
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

/// Compiles a source. The file's extension says what it is: `.ts`, `.tsx`, `.js`, `.jsx`, `.mjs`.
///
/// # Errors
/// Each thing that is wrong with it, in the order of the source; never empty.
pub fn compile(file: &str, source: &str, options: &Options) -> Result<Module, Vec<Problem>> {
    let alone = |message: &str| vec![Problem::at(file, source, None, message)];
    let kind = SourceType::from_path(Path::new(file))
        .map_err(|_| alone("this is no TypeScript or JavaScript file"))?;
    if let Some(offset) = source.find(MARK.0) {
        return Err(vec![Problem::at(file, source, Some(offset), "this text is kept for the compiler")]);
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, kind.with_module(true)).parse();
    let refuse = |found: Diagnostics| -> Result<(), Vec<Problem>> {
        let problems: Vec<Problem> =
            found.into_vec().into_iter().map(|one| Problem::of(file, source, one)).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    };
    refuse(parsed.diagnostics)?;
    if parsed.panicked {
        return Err(alone("this cannot be read"));
    }
    let mut program = parsed.program;
    // The checks that need scopes: a name declared twice, `await` where none may stand, and so on.
    let semantic = SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(&program);
    refuse(semantic.diagnostics)?;
    let transform = transform_options(options);
    let transformed = Transformer::new(&allocator, Path::new(file), &transform)
        .build_with_scoping(semantic.semantic.into_scoping(), &mut program);
    refuse(transformed.diagnostics)?;

    let mut marker = Marker { allocator: &allocator, imports: Vec::new(), not_literal: Vec::new() };
    marker.visit_program(&mut program);
    if !marker.not_literal.is_empty() {
        let say = "import() takes a literal here: what is loaded must be known beforehand";
        let at = |offset| Problem::at(file, source, Some(offset), say);
        return Err(marker.not_literal.into_iter().map(at).collect());
    }
    Ok(Module { imports: marker.imports, code: print(&program, options.names) })
}

/// Nothing is lowered: types and JSX go, the language stays what it is.
fn transform_options(options: &Options) -> TransformOptions {
    TransformOptions {
        typescript: TypeScriptOptions { only_remove_type_imports: true, ..TypeScriptOptions::default() },
        jsx: JsxOptions { import_source: Some(options.jsx_import_source.clone()), ..JsxOptions::enable() },
        ..TransformOptions::default()
    }
}

/// Without whitespace and comments, but for those that a licence asks to keep.
fn print(program: &Program<'_>, names: Names) -> String {
    let comments = CommentOptions { legal: LegalComment::Inline, ..CommentOptions::disabled() };
    let options = CodegenOptions { comments, ..CodegenOptions::minify() };
    let short = (names == Names::Short).then(|| {
        let options = MangleOptions { top_level: Some(true), ..MangleOptions::default() };
        Mangler::new().with_options(options).build(program)
    });
    let (scoping, private) = short.map(|made| (made.scoping, made.class_private_mappings)).unzip();
    Codegen::new()
        .with_options(options)
        .with_scoping(scoping)
        .with_private_member_mappings(private)
        .build(program)
        .code
}

/// Puts marks in place of specifiers.
struct Marker<'a> {
    allocator: &'a Allocator,
    imports: Vec<Import>,
    /// Offsets of what stands in `import()` and is not known beforehand.
    not_literal: Vec<usize>,
}

impl<'a> Marker<'a> {
    fn mark(&mut self, literal: &mut StringLiteral<'a>, loading: Loading) {
        let mark = format!("{}{}{}", MARK.0, self.imports.len(), MARK.1);
        self.imports.push(Import { specifier: literal.value.to_string(), loading });
        literal.value = Str::from_str_in(&mark, &self.allocator);
        literal.raw = None;
    }
}

impl<'a> VisitMut<'a> for Marker<'a> {
    fn visit_import_declaration(&mut self, it: &mut ImportDeclaration<'a>) {
        self.mark(&mut it.source, Loading::First);
    }

    fn visit_export_from_declaration(&mut self, it: &mut ExportFromDeclaration<'a>) {
        self.mark(&mut it.source, Loading::First);
    }

    fn visit_export_all_declaration(&mut self, it: &mut ExportAllDeclaration<'a>) {
        self.mark(&mut it.source, Loading::First);
    }

    fn visit_import_expression(&mut self, it: &mut ImportExpression<'a>) {
        match &mut it.source {
            Expression::StringLiteral(literal) => self.mark(literal, Loading::Later),
            other => self.not_literal.push(other.span().start as usize),
        }
        walk_mut::walk_import_expression(self, it);
    }
}
