//! A Rust file as far as the rules need it: functions with their doc comments, string literals, identifiers.
//!
//! It works on tokens, not on a syntax tree, so that it sees into macro calls as well.

use std::path::Path;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What a Rust file holds.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) functions: Vec<Function>,
    pub(crate) literals: Vec<Token>,
    pub(crate) idents: Vec<Token>,
    /// `mod name;` declarations, to be looked up as files.
    pub(crate) child_modules: Vec<ChildModule>,
}

/// A function, wherever it stands.
pub(crate) struct Function {
    pub(crate) name: String,
    /// The modules inside the file that it stands in.
    pub(crate) modules: Vec<String>,
    pub(crate) first_line: usize,
    pub(crate) last_line: usize,
    /// The lines of its doc comment, trimmed, with their numbers.
    pub(crate) docs: Vec<(usize, String)>,
    /// An attribute says `test`, or it stands in a macro call, which may make it one.
    pub(crate) may_be_test: bool,
}

/// A token with its place.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// It stands under `#[cfg(test)]` or in a test function.
    pub(crate) in_test: bool,
    /// It is followed by `!`.
    pub(crate) is_macro: bool,
}

/// A `mod name;` declaration.
pub(crate) struct ChildModule {
    /// The modules inside the file that it stands in.
    pub(crate) modules: Vec<String>,
    pub(crate) name: String,
}

/// What is known of the place that is being read.
#[derive(Clone, Default)]
struct Place {
    modules: Vec<String>,
    in_test: bool,
    in_macro: bool,
}

/// Attributes collected for the next item.
#[derive(Default)]
struct Attributes {
    docs: Vec<(usize, String)>,
    test: bool,
}

impl Source {
    /// Reads a file's text.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self> {
        let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{path} can't be read as Rust: {error}"))?;
        let mut source = Self::default();
        let in_test =
            Path::new(path).components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "benches")));
        source.read(tokens, &Place { in_test, ..Place::default() });
        Ok(source)
    }

    fn read(&mut self, tokens: TokenStream, place: &Place) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut attributes = Attributes::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at + 1..];
            at += 1;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(group) = attribute_group(rest) {
                        attributes.add(group);
                        at += 1 + usize::from(!matches!(rest.first(), Some(TokenTree::Group(_))));
                    }
                }
                TokenTree::Ident(ident) if ident == "fn" && matches!(rest.first(), Some(TokenTree::Ident(_))) => {
                    at += self.read_function(ident.span().start().line, rest, std::mem::take(&mut attributes), place);
                }
                TokenTree::Ident(ident) if ident == "mod" && matches!(rest.first(), Some(TokenTree::Ident(_))) => {
                    at += self.read_module(rest, &std::mem::take(&mut attributes), place);
                }
                other => {
                    if ends_item(other) {
                        attributes = Attributes::default();
                    }
                    self.read_token(other, rest, at.checked_sub(2).and_then(|before| tokens.get(before)), place);
                }
            }
        }
    }

    fn read_token(&mut self, token: &TokenTree, rest: &[TokenTree], before: Option<&TokenTree>, place: &Place) {
        let is_macro = is_punct(rest.first(), '!');
        let line = token.span().start().line;
        let text = token.to_string();
        match token {
            TokenTree::Group(group) => {
                let in_macro = place.in_macro || is_punct(before, '!');
                self.read(group.stream(), &Place { in_macro, ..place.clone() });
            }
            TokenTree::Literal(_) => self.literals.push(Token { text, line, in_test: place.in_test, is_macro: false }),
            TokenTree::Ident(_) => self.idents.push(Token { text, line, in_test: place.in_test, is_macro }),
            TokenTree::Punct(_) => {}
        }
    }

    /// Reads a function from its name on; gives the number of tokens read.
    fn read_function(&mut self, first_line: usize, rest: &[TokenTree], attributes: Attributes, place: &Place) -> usize {
        let inside = Place { in_test: place.in_test || attributes.test, ..place.clone() };
        let end =
            rest.iter().position(|token| is_braces(token) || is_punct(Some(token), ';')).unwrap_or(rest.len() - 1);
        for token in &rest[1..=end] {
            self.read_token(token, &[], None, &inside);
        }
        self.functions.push(Function {
            name: rest[0].to_string(),
            modules: place.modules.clone(),
            first_line,
            last_line: rest[end].span().end().line,
            docs: attributes.docs,
            may_be_test: attributes.test || place.in_macro,
        });
        end + 1
    }

    /// Reads a module from its name on; gives the number of tokens read.
    fn read_module(&mut self, rest: &[TokenTree], attributes: &Attributes, place: &Place) -> usize {
        let name = rest[0].to_string();
        match rest.get(1) {
            Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                let mut inside = Place { in_test: place.in_test || attributes.test, ..place.clone() };
                inside.modules.push(name);
                self.read(body.stream(), &inside);
                2
            }
            token if is_punct(token, ';') => {
                self.child_modules.push(ChildModule { modules: place.modules.clone(), name });
                2
            }
            _ => 1,
        }
    }
}

impl Attributes {
    fn add(&mut self, group: &Group) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        match tokens.as_slice() {
            [TokenTree::Ident(name), _, TokenTree::Literal(text)] if name == "doc" => {
                self.docs.push((group.span_open().start().line, unquote(&text.to_string()).trim().to_owned()));
            }
            _ => self.test |= group.to_string().split(|c: char| !c.is_alphanumeric()).any(|word| word == "test"),
        }
    }
}

/// The text between a string literal's quotes; the literal itself where it is no string.
pub(crate) fn unquote(literal: &str) -> &str {
    let inner = literal.trim_start_matches(['r', 'b', 'c', '#']).trim_end_matches('#');
    inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(literal)
}

fn attribute_group(rest: &[TokenTree]) -> Option<&Group> {
    match rest {
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Bracket => Some(group),
        [TokenTree::Punct(bang), TokenTree::Group(group), ..]
            if bang.as_char() == '!' && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group)
        }
        _ => None,
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Whether attributes collected before this token belong to something that is over.
fn ends_item(token: &TokenTree) -> bool {
    is_braces(token) || is_punct(Some(token), ';') || is_punct(Some(token), ',')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r##"
        //! Module docs.
        mod child;
        /// Does it.
        pub async fn act(x: u8) -> u8 { let s = "SELECT 1"; todo!() }
        #[cfg(test)]
        mod tests {
            /// covers T1.1
            #[tokio::test]
            async fn it_acts() { assert_eq!("INSERT x", r#"y"#); }
            on_both! {
                /// covers K1.1 (part)
                async fn both(kit) { go(); }
            }
        }
    "##;

    #[test]
    fn functions_are_found_with_docs_and_modules_even_inside_macros() {
        let source = Source::parse("src/lib.rs", SAMPLE).unwrap();
        let seen: Vec<_> = source
            .functions
            .iter()
            .map(|f| {
                (
                    f.name.as_str(),
                    f.modules.join("::"),
                    f.docs.iter().map(|d| d.1.as_str()).collect::<String>(),
                    f.may_be_test,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("act", String::new(), "Does it.".to_owned(), false),
                ("it_acts", "tests".to_owned(), "covers T1.1".to_owned(), true),
                ("both", "tests".to_owned(), "covers K1.1 (part)".to_owned(), true),
            ]
        );
        assert_eq!(source.child_modules[0].name, "child");
    }

    #[test]
    fn literals_and_macros_know_whether_they_are_test_code() {
        let source = Source::parse("src/lib.rs", SAMPLE).unwrap();
        let literal = |text: &str| source.literals.iter().find(|l| unquote(&l.text) == text).map(|l| l.in_test);
        assert_eq!(literal("SELECT 1"), Some(false));
        assert_eq!(literal("INSERT x"), Some(true));
        assert_eq!(literal("y"), Some(true));
        assert!(source.idents.iter().any(|i| i.text == "todo"));
    }
}
