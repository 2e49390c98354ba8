//! Words that would only mean something on the machine of whoever wrote them.

use super::Finding;
use crate::workspace::Workspace;

/// Split, so that this file does not find itself.
const FORBIDDEN: [(&str, &str); 4] = [
    (concat!("/wor", "k/"), "a path of one machine"),
    (concat!("/roo", "t/"), "a path of one machine"),
    (concat!("/hom", "e/"), "a path of one machine"),
    (concat!("<<<<", "<<< "), "a merge that was not finished"),
];

/// Generated, and checked by the tool that generates it.
const EXEMPT: [&str; 1] = ["Cargo.lock"];

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace.files.iter().filter(|file| !EXEMPT.contains(&file.path.as_str())) {
        for (number, line) in file.text.lines().enumerate() {
            for (_, what) in FORBIDDEN.iter().filter(|(word, _)| line.contains(word)) {
                findings.push(Finding::new(&file.path, number + 1, *what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        let workspace = Workspace::of(&[("docs/a.md", concat!("fine\nsee /wor", "k/notes\n"))]);
        assert_eq!(check(&workspace), [Finding::new("docs/a.md", 2, "a path of one machine")]);
    }
}
