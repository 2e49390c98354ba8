//! The tree as git knows it, read once.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

/// The workspace: its root and the text files in it.
pub(crate) struct Workspace {
    /// The absolute path of the root.
    pub(crate) root: PathBuf,
    /// Every text file that is tracked or new, ignored ones aside.
    pub(crate) files: Vec<File>,
}

/// One text file.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// Its whole text.
    pub(crate) text: String,
}

/// One member of the workspace.
pub(crate) struct Member<'a> {
    /// The folder relative to the root: `crates/base`.
    pub(crate) folder: &'a str,
    /// The package name: `palisade-base`.
    pub(crate) name: String,
    /// Its manifest.
    pub(crate) manifest: toml::Table,
}

impl Workspace {
    /// Reads the tree that this tool was built from.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?.to_owned();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .context("git could not be run")?;
        ensure!(listed.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr));
        let mut files = Vec::new();
        for path in String::from_utf8(listed.stdout)?.split('\0').filter(|path| !path.is_empty()) {
            // A file that was deleted but not yet staged, or that is no text (a picture, a sheet), is left out.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path: path.to_owned(), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { root, files })
    }

    /// The file at this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// The files with this extension.
    pub(crate) fn with_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| Path::new(&file.path).extension().is_some_and(|e| e == extension))
    }

    /// The members: every folder with a manifest that names a package.
    pub(crate) fn members(&self) -> Result<Vec<Member<'_>>> {
        let mut members = Vec::new();
        for file in &self.files {
            let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { continue };
            let manifest: toml::Table = file.text.parse().with_context(|| format!("{} is no TOML", file.path))?;
            let name = manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
            // A folder with a workspace of its own (fuzz/) is no member of this one.
            if let (Some(name), false) = (name, manifest.contains_key("workspace")) {
                members.push(Member { folder, name: name.to_owned(), manifest });
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
impl Workspace {
    /// A made-up tree for the tests of the rules.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        let mut files: Vec<File> = files.iter().map(file).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { root: PathBuf::new(), files }
    }
}
