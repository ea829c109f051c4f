//! One source file as the walls see it: which modules, items and crates it names, tests left out.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A path as it is written, one name a part: `crate`, `transport`, `Frame`.
pub type Written = Vec<String>;

/// What a file names.
#[derive(Debug, Default)]
pub struct Source {
    /// Every path of the file: imports and paths within the code.
    pub paths: Vec<Written>,
    /// What the file hands on under its own name (`pub use`), by the name that it gets here.
    pub reexports: BTreeMap<String, Written>,
    /// Modules that exist for tests alone.
    pub test_modules: Vec<String>,
}

impl Source {
    /// Reads a file; the error names what can't be parsed.
    pub fn parse(text: &str) -> Result<Self, syn::Error> {
        let file = syn::parse_file(text)?;
        let mut source = Self::default();
        source.visit_file(&file);
        Ok(source)
    }

    fn import(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(path.ident.to_string()), public),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before, public)),
            UseTree::Name(name) => self.name(with(name.ident.to_string()), &name.ident.to_string(), public),
            UseTree::Rename(name) => {
                self.name(with(name.ident.to_string()), &name.rename.to_string(), public);
            }
            // `use super::*` stands in tests only; elsewhere it is an import of the module itself.
            UseTree::Glob(_) => self.paths.push(before.to_vec()),
        }
    }

    fn name(&mut self, mut path: Written, known_as: &str, public: bool) {
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if public {
            self.reexports.insert(known_as.to_string(), path.clone());
        }
        self.paths.push(path);
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        } else if let Item::Mod(module) = item {
            self.test_modules.push(module.ident.to_string());
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    /// `pub(super)` names a wall and imports nothing.
    fn visit_visibility(&mut self, _visibility: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A lone name in code is a variable, or what an import has named already.
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}
