//! Pages carry no script and no style of their own: the content security policy would refuse them.

use super::{Finding, Tree};
use crate::source::unquote;

pub(super) fn check(tree: &Tree<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.workspace.files.iter().filter(|file| file.path.contains("/templates/")) {
        findings.extend(inline(&file.text).into_iter().map(|(line, what)| Finding::new(&file.path, line, what)));
    }
    for (path, _, source) in tree.sources.iter().filter(|(path, ..)| path.starts_with("crates/")) {
        for literal in source.literals.iter().filter(|literal| !literal.in_test && literal.text.contains('<')) {
            let found = inline(unquote(&literal.text));
            findings.extend(found.into_iter().map(|(line, what)| Finding::new(path, literal.line + line - 1, what)));
        }
    }
    findings
}

/// The lines with inline script, style or handlers.
fn inline(text: &str) -> Vec<(usize, &'static str)> {
    let text = text.to_ascii_lowercase().replace("\\\"", "\"");
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let mut found = Vec::new();
    for (at, _) in text.match_indices('<') {
        let tag = tag_at(&text[at + 1..]);
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if name == "style" || (name == "script" && !has_attribute(tag, |name| name == "src")) {
            found.push((line_of(at), "an inline script or style: serve it as an asset"));
        } else if !name.is_empty() && has_attribute(tag, |name| name == "style") {
            found.push((line_of(at), "a style attribute: use a class"));
        } else if !name.is_empty() && has_attribute(tag, |name| name.len() > 2 && name.starts_with("on")) {
            found.push((line_of(at), "an event handler attribute: attach it in a script file"));
        }
    }
    found
}

/// What stands in the tag, up to the `>` that no template expression contains.
fn tag_at(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match (before, c) {
            ('{', '{' | '%') => depth += 1,
            ('}' | '%', '}') => depth = depth.saturating_sub(1),
            (_, '>') if depth == 0 => return &text[..at],
            _ => {}
        }
        before = c;
    }
    text
}

/// Whether the tag has an attribute with such a name and a value.
fn has_attribute(tag: &str, is_wanted: impl Fn(&str) -> bool) -> bool {
    tag.match_indices('=').any(|(at, _)| {
        let before = &tag[..at];
        let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == ':')).map_or(0, |at| at + 1);
        let quotes_before = before.matches('"').count();
        quotes_before.is_multiple_of(2) && is_wanted(&before[start..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn whatever_the_policy_would_refuse_is_found() {
        for (text, lines) in [
            ("<script>go()</script>", vec![1]),
            ("<p>\n<script type=\"module\">x</script>", vec![2]),
            ("<script src=\"/assets/a.js\" defer></script>", vec![]),
            ("<p STYLE=\"color: red\">", vec![1]),
            ("<style>p{}</style>", vec![1]),
            ("<a href=\"/x?style=1\" title=\"on=off\">", vec![]),
            ("<button {% if a > b %}disabled{% endif %} onclick=\"go()\">", vec![1]),
            ("<input value=\"{{ one }}\" aria-label=\"One\">", vec![]),
            ("<link rel=\"stylesheet\" href=\"/assets/a.css\">", vec![]),
        ] {
            let found: Vec<usize> = inline(text).iter().map(|(line, _)| *line).collect();
            assert_eq!(found, lines, "{text}");
        }
    }

    #[test]
    fn templates_and_literals_are_both_read() {
        let workspace = Workspace::of(&[
            ("crates/a/templates/page.html", "<p onclick=\"x()\">"),
            ("crates/a/src/page.rs", "fn f() -> &'static str { \"<p style=\\\"x\\\">\" }"),
        ]);
        assert_eq!(check(&Tree::read(&workspace).unwrap()).len(), 2);
    }
}
