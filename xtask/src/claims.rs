//! Which test says that it covers which requirement: `/// covers T1.2, K3.1 (part)` in the doc comment of a test.
//!
//! `(part)` belongs to the id before it alone.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    source::{Function, Source},
    workspace::Workspace,
};

/// The list of requirements, at the root of the tree.
pub(crate) const REQUIREMENTS: &str = "requirements.tsv";

/// One requirement that a test claims to cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) id: String,
    /// Only a part of it.
    pub(crate) part: bool,
}

/// One test's claim.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The test as its binary names it: `store::tests::a_row_is_found`.
    pub(crate) test: String,
    pub(crate) covered: Vec<Covered>,
}

/// The ids of requirements.tsv, in its order.
pub(crate) fn requirement_ids(workspace: &Workspace) -> Result<Vec<String>> {
    let file = workspace.file(REQUIREMENTS).with_context(|| format!("{REQUIREMENTS} is missing"))?;
    let rows = file.text.lines().skip(1).filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    Ok(rows.filter_map(|line| line.split('\t').next()).map(str::to_owned).collect())
}

/// What the text after `covers ` lists; an error where it can't be read.
pub(crate) fn parse_covers(text: &str) -> Result<Vec<Covered>, String> {
    text.trim_end_matches('.').split(',').map(str::trim).map(parse_one).collect()
}

fn parse_one(text: &str) -> Result<Covered, String> {
    let (id, part) = match text.split_once(char::is_whitespace) {
        None => (text, false),
        Some((id, "(part)")) => (id, true),
        Some(_) => return Err(format!("`{text}` is neither an id nor an id with (part)")),
    };
    let (chapter, number) = id.split_once('.').unwrap_or((id, ""));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let fits = chapter.strip_prefix(['T', 'K']).is_some_and(is_number) && is_number(number);
    if fits { Ok(Covered { id: id.to_owned(), part }) } else { Err(format!("`{id}` is no requirement id")) }
}

/// The `covers` lines of a function: line number and the text behind the word.
pub(crate) fn covers_lines(function: &Function) -> impl Iterator<Item = (usize, &str)> {
    function.docs.iter().filter_map(|(line, text)| Some((*line, text.strip_prefix("covers ")?)))
}

/// The claims of one test binary, found from its root file (relative to the workspace) through its modules.
pub(crate) fn of_target(workspace: &Workspace, root_file: &Path) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    let folder = root_file.parent().unwrap_or(Path::new("")).to_owned();
    walk(workspace, root_file, &folder, &[], &mut claims, &mut BTreeSet::new())?;
    Ok(claims)
}

/// Reads a file and the modules that it declares. `folder` is where those lie.
fn walk(
    workspace: &Workspace,
    file: &Path,
    folder: &Path,
    modules: &[String],
    claims: &mut Vec<Claim>,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    let Some(file) = file.to_str().and_then(|path| workspace.file(path)) else { return Ok(()) };
    if !seen.insert(file.path.clone().into()) {
        return Ok(());
    }
    let source = Source::parse(&file.path, &file.text)?;
    claims.extend(source.functions.iter().filter_map(|function| claim(function, modules)));
    for child in &source.child_modules {
        let nested: PathBuf = child.modules.iter().collect();
        let base = folder.join(nested).join(&child.name);
        let path = [modules, &child.modules, std::slice::from_ref(&child.name)].concat();
        walk(workspace, &base.with_extension("rs"), &base, &path, claims, seen)?;
        walk(workspace, &base.join("mod.rs"), &base, &path, claims, seen)?;
    }
    Ok(())
}

fn claim(function: &Function, modules: &[String]) -> Option<Claim> {
    let covered: Vec<Covered> =
        covers_lines(function).filter_map(|(_, text)| parse_covers(text).ok()).flatten().collect();
    let test = [modules, &function.modules, std::slice::from_ref(&function.name)].concat().join("::");
    (!covered.is_empty()).then_some(Claim { test, covered })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_lines_are_read_strictly() {
        let one = |id: &str, part| Covered { id: id.to_owned(), part };
        assert_eq!(parse_covers("T1.2, K10.11 (part)").unwrap(), [one("T1.2", false), one("K10.11", true)]);
        assert_eq!(parse_covers("T1.2.").unwrap(), [one("T1.2", false)]);
        for wrong in ["T1", "T1.2 K1.1", "X1.2", "T1.2 (partly)", "T.2", "", "T1.2,", "T1.2b"] {
            assert!(parse_covers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn claims_carry_the_path_that_the_test_binary_prints() {
        let workspace = Workspace::of(&[
            ("c/tests/it/main.rs", "mod store; mod deep { mod er; }"),
            (
                "c/tests/it/store.rs",
                "/// covers T1.1\n#[test] fn a() {}\nmod inner { /// covers K1.1\n#[test] fn b() {} }",
            ),
            ("c/tests/it/deep/er.rs", "/// covers K1.2\n#[test] fn c() {}"),
        ]);
        let claims = of_target(&workspace, Path::new("c/tests/it/main.rs")).unwrap();
        let tests: Vec<&str> = claims.iter().map(|claim| claim.test.as_str()).collect();
        assert_eq!(tests, ["store::a", "store::inner::b", "deep::er::c"]);
    }
}
