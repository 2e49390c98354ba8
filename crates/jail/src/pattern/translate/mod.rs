//! From Python's syntax to that of Rust's engines, in one walk over the pattern.
//!
//! Three texts are written at once. `exact` means what the pattern means. `marked` is the same, except that an address
//! is asked for as one of two marker characters, which stand where an address of the line was taken out. `wide`
//! matches everything that `exact` matches and perhaps more, but needs neither look-around nor back-references.

mod groups;

/// Stands for an IPv4 address in the marked text of a line.
pub(crate) const MARK_V4: char = '\u{1}';
/// Stands for an IPv6 address in the marked text of a line.
pub(crate) const MARK_V6: char = '\u{2}';

/// No pattern may be longer.
const MAX_PATTERN: usize = 32_768;
/// Nor nest groups deeper.
const MAX_DEPTH: u32 = 60;
/// So many texts, of which one must occur, are looked for at most.
const MAX_LITERALS: usize = 16;
/// Nor repeat a part more often.
const MAX_REPEAT: u32 = 1_000;

const V4: &str = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}";
const V6: &str = "(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:)";
const NAME: &str = r"[0-9A-Za-z_.^\-]*[0-9A-Za-z_]";
/// Whatever an address or a name is made of, brackets and prefix length included.
const WIDE_HOST: &str = r"[0-9A-Za-z_.:/^\[\]\-]+";

/// A pattern, translated.
#[derive(Debug, Default)]
pub(crate) struct Translated {
    pub(crate) exact: String,
    pub(crate) marked: String,
    pub(crate) wide: String,
    /// Needs look-around, back-references or conditionals.
    pub(crate) is_hard: bool,
    /// It asks for an address.
    pub(crate) has_host: bool,
    /// Something greedy before the address could swallow the start of it.
    pub(crate) is_greedy: bool,
    /// The name of each group that has one; a name may come more than once.
    pub(crate) groups: Vec<(String, usize)>,
    /// Texts of which every match contains one, where such are plain to see.
    pub(crate) literals: Vec<String>,
}

/// Translates a pattern, or says what in it is not understood.
pub(crate) fn translate(pattern: &str, multi_line: bool) -> Result<Translated, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("it is longer than {MAX_PATTERN} bytes"));
    }
    let pattern = groups::with_groups_for_tags(pattern);
    let mut walk = Walk { rest: &pattern, multi_line, out: Translated::default(), ..Walk::default() };
    walk.alternatives(0, false)?;
    if let Some(c) = walk.rest.chars().next() {
        return Err(format!("`{c}` closes nothing"));
    }
    walk.keep_literal();
    if walk.ignores_case {
        walk.out.literals.clear();
    }
    Ok(walk.out)
}

#[derive(Default)]
struct Walk<'a> {
    rest: &'a str,
    multi_line: bool,
    out: Translated,
    captures: usize,
    /// Inside look-around, which `wide` leaves out.
    looking: u32,
    skiplines: usize,
    /// The run of plain characters that is being read, where it must occur in every match.
    run: String,
    /// Some part does not mind the case of letters.
    ignores_case: bool,
    /// Depth of what need not match.
    optional: u32,
}

/// What the last thing read can take in, seen from an address that follows.
#[derive(Clone, Copy)]
struct Atom {
    /// It may match a digit.
    takes_digits: bool,
    /// For groups: it may end in something greedy.
    ends_greedy: bool,
    /// It may match nothing at all.
    may_be_empty: bool,
}

const PLAIN: Atom = Atom { takes_digits: false, ends_greedy: false, may_be_empty: false };
const BROAD: Atom = Atom { takes_digits: true, ..PLAIN };
const EMPTY: Atom = Atom { may_be_empty: true, ..PLAIN };

impl Walk<'_> {
    fn write(&mut self, text: &str) {
        self.write_each(text, text, text);
    }

    fn write_each(&mut self, exact: &str, marked: &str, wide: &str) {
        self.out.exact.push_str(exact);
        self.out.marked.push_str(marked);
        if self.looking == 0 {
            self.out.wide.push_str(wide);
        }
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn skip(&mut self, prefix: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(prefix) else { return false };
        self.rest = rest;
        true
    }

    fn keep_literal(&mut self) {
        let run = std::mem::take(&mut self.run);
        // The date is cut out before matching; brackets often stand right beside it.
        let best = run.split(['[', ']', '(', ')']).max_by_key(|piece| piece.len()).unwrap_or_default();
        if best.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            self.offer_literals(vec![best.to_owned()]);
        }
    }

    /// Keeps the better of two sets: the one whose shortest text is longer.
    fn offer_literals(&mut self, literals: Vec<String>) {
        let shortest = |set: &[String]| set.iter().map(String::len).min().unwrap_or(0);
        if shortest(&literals) > shortest(&self.out.literals) && literals.len() <= MAX_LITERALS {
            self.out.literals = literals;
        }
    }

    /// `a|b|c` up to a closing parenthesis. Takes and gives whether what lies before may be greedy.
    fn alternatives(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        if depth > MAX_DEPTH {
            return Err("groups are nested too deep".to_owned());
        }
        let mut all = Atom { may_be_empty: false, ..PLAIN };
        let (before_literals, mut literals, mut each_has) = (std::mem::take(&mut self.out.literals), Vec::new(), true);
        loop {
            let branch = self.sequence(depth, before)?;
            all.ends_greedy |= branch.ends_greedy;
            all.takes_digits |= branch.takes_digits;
            all.may_be_empty |= branch.may_be_empty;
            each_has &= !self.out.literals.is_empty();
            literals.append(&mut self.out.literals);
            if !self.skip("|") {
                break;
            }
            self.write("|");
        }
        self.out.literals = before_literals;
        if each_has {
            self.offer_literals(literals);
        }
        Ok(all)
    }

    fn sequence(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        let (mut greedy, mut all) = (before, EMPTY);
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let is_literal = self.literal_ahead();
            if is_literal.is_none() {
                self.keep_literal();
            }
            let run = self.run.len();
            let kept = self.rest.starts_with(['(', '<']).then(|| self.out.literals.clone());
            let atom = self.atom(depth, greedy)?;
            let (least, many, is_lazy) = self.quantifier()?;
            if let Some(c) = is_literal
                && self.optional == 0
            {
                self.run.push(c);
                if least == 0 {
                    self.run.truncate(run);
                }
                if least == 0 || many {
                    self.keep_literal();
                }
            }
            if let Some(kept) = kept.filter(|_| least == 0) {
                self.out.literals = kept;
            }
            let is_empty = least == 0 || atom.may_be_empty;
            let swallows = atom.takes_digits && ((many && !is_lazy) || greedy);
            greedy = swallows || atom.ends_greedy || (is_empty && greedy);
            all.takes_digits |= atom.takes_digits;
            all.may_be_empty &= is_empty;
        }
        self.keep_literal();
        all.ends_greedy = greedy;
        Ok(all)
    }

    /// The plain character that comes next, if one does.
    fn literal_ahead(&self) -> Option<char> {
        let mut chars = self.rest.chars();
        match chars.next()? {
            '\\' => chars.next().filter(char::is_ascii_punctuation),
            '<' if tag_ahead(self.rest).is_some() => None,
            c if c.is_ascii() && !"^$.()[]{}*+?|".contains(c) => Some(c),
            _ => None,
        }
    }

    fn atom(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        let at = self.rest;
        match self.take().unwrap_or_default() {
            '(' => self.group(depth, before),
            '[' => self.class(),
            '\\' => self.escape(),
            '.' => Ok(self.plain(".", BROAD)),
            '^' => Ok(self.plain(if self.multi_line { "(?m:^)" } else { "^" }, EMPTY)),
            // Python's `$` also matches before a last line feed, and every line that is judged ends in one.
            '$' => Ok(self.plain("(?m:$)", EMPTY)),
            c @ ('*' | '+' | '?') => Err(format!("`{c}` repeats nothing")),
            '<' => match tag_ahead(at) {
                Some(tag) => self.tag(tag, before),
                None => Ok(self.literal('<')),
            },
            c => Ok(self.literal(c)),
        }
    }

    fn plain(&mut self, text: &str, atom: Atom) -> Atom {
        self.write(text);
        atom
    }

    fn literal(&mut self, c: char) -> Atom {
        let mut text = String::new();
        push_literal(&mut text, c);
        self.write(&text);
        Atom { takes_digits: c.is_ascii_digit(), ..PLAIN }
    }

    /// Least number, whether without end, whether lazy.
    fn quantifier(&mut self) -> Result<(u32, bool, bool), String> {
        let (least, many, text) = match self.rest.chars().next() {
            Some('*') => (0, true, "*".to_owned()),
            Some('+') => (1, true, "+".to_owned()),
            Some('?') => (0, false, "?".to_owned()),
            Some('{') => match bounds(self.rest) {
                Some((least, most)) if least.max(most.unwrap_or(0)) <= MAX_REPEAT => {
                    let text = match most {
                        None => format!("{{{least},}}"),
                        Some(most) if most == least => format!("{{{least}}}"),
                        Some(most) => format!("{{{least},{most}}}"),
                    };
                    self.rest = &self.rest[self.rest.find('}').unwrap_or(0)..];
                    (least, most.is_none_or(|most| most > 3), text)
                }
                Some(_) => return Err(format!("a part is repeated more than {MAX_REPEAT} times")),
                None => return Ok((1, false, false)),
            },
            _ => return Ok((1, false, false)),
        };
        self.take();
        self.write(&text);
        let is_lazy = self.skip("?");
        if is_lazy {
            self.write("?");
        } else if self.skip("+") {
            self.out.is_hard = true;
            self.write_each("+", "+", "");
        }
        Ok((least, many, is_lazy))
    }

    fn escape(&mut self) -> Result<Atom, String> {
        let c = self.take().ok_or("it ends in a lone backslash")?;
        Ok(match c {
            'd' => self.plain("[0-9]", BROAD),
            'D' => self.plain("[^0-9]", PLAIN),
            'w' | 'S' => self.plain(if c == 'w' { r"\w" } else { r"\S" }, BROAD),
            'W' => self.plain(r"\W", PLAIN),
            's' => self.plain(r"\s", PLAIN),
            'b' => self.plain(r"\b", EMPTY),
            'B' => self.plain(r"\B", EMPTY),
            'A' => self.plain(r"\A", EMPTY),
            'Z' => self.plain(r"\z", EMPTY),
            '1'..='9' => {
                let second = self.rest.chars().next().filter(char::is_ascii_digit);
                let mut number = c.to_string();
                number.extend(second.inspect(|_| self.rest = &self.rest[1..]));
                self.back_reference(&number)
            }
            c => match self.character(c)? {
                Some(c) => self.literal(c),
                None => return Err(format!("`\\{c}` is not understood")),
            },
        })
    }

    /// The one character that an escape stands for.
    fn character(&mut self, c: char) -> Result<Option<char>, String> {
        let digits = match c {
            'n' => return Ok(Some('\n')),
            'r' => return Ok(Some('\r')),
            't' => return Ok(Some('\t')),
            'f' => return Ok(Some('\u{c}')),
            'v' => return Ok(Some('\u{b}')),
            'a' => return Ok(Some('\u{7}')),
            '0' => return Ok(Some('\0')),
            'x' => 2,
            'u' => 4,
            c if c.is_ascii_alphanumeric() => return Ok(None),
            c => return Ok(Some(c)),
        };
        let code = self.rest.get(..digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        let c = code.and_then(char::from_u32).ok_or_else(|| format!("`\\{c}` lacks its {digits} digits"))?;
        self.rest = &self.rest[digits..];
        Ok(Some(c))
    }

    fn back_reference(&mut self, number: &str) -> Atom {
        self.out.is_hard = true;
        let text = format!("(?:\\{number})");
        self.write_each(&text, &text, "(?s:.*?)");
        BROAD
    }

    /// `[…]`, with everything escaped that means more in Rust's engines than in Python's.
    fn class(&mut self) -> Result<Atom, String> {
        let mut text = String::from(if self.skip("^") { "[^" } else { "[" });
        let negated = text.len() == 2;
        let (mut has_digits, mut before) = (false, Before::Start);
        loop {
            let c = self.take().ok_or("a `[` is not closed")?;
            let is_range = matches!(before, Before::One) && !self.rest.starts_with(']');
            before = match c {
                ']' if !matches!(before, Before::Start) => break,
                '-' if is_range => {
                    text.push('-');
                    Before::Dash
                }
                '\\' => {
                    let is_set = self.class_escape(&mut text, &mut has_digits)?;
                    if is_set { Before::Set } else { before.then_one() }
                }
                c => {
                    has_digits |= c.is_ascii_digit();
                    push_literal(&mut text, c);
                    before.then_one()
                }
            };
        }
        text.push(']');
        self.write(&text);
        Ok(Atom { takes_digits: has_digits != negated, ..PLAIN })
    }

    /// Whether it was a set of characters rather than one.
    fn class_escape(&mut self, text: &mut String, has_digits: &mut bool) -> Result<bool, String> {
        let c = self.take().ok_or("a `[` is not closed")?;
        match c {
            'd' => text.push_str("0-9"),
            'D' => text.push_str("[^0-9]"),
            'w' | 'W' | 's' | 'S' => text.extend(['\\', c]),
            'b' => text.push_str(r"\x08"),
            c => match self.character(c)? {
                Some(c) => push_literal(text, c),
                None => return Err(format!("`\\{c}` is not understood")),
            },
        }
        *has_digits |= matches!(c, 'd' | 'w' | 'S');
        Ok(matches!(c, 'd' | 'D' | 'w' | 'W' | 's' | 'S'))
    }
}

/// What came before in a class: it decides whether a dash makes a range.
#[derive(Clone, Copy)]
enum Before {
    Start,
    One,
    Dash,
    Set,
}

impl Before {
    fn then_one(self) -> Self {
        if matches!(self, Self::Dash) { Self::Set } else { Self::One }
    }
}

fn push_literal(text: &mut String, c: char) {
    // `\<` and `\>` would be edges of words there.
    if c.is_ascii_punctuation() && !matches!(c, '_' | '<' | '>') {
        text.push('\\');
    } else if c == '\0' {
        return text.push_str(r"\x00");
    }
    text.push(c);
}

/// `{2,5}` at the start of the text; in Python, a brace that bounds nothing is a plain character.
fn bounds(text: &str) -> Option<(u32, Option<u32>)> {
    let inside = text.strip_prefix('{')?.split_once('}')?.0;
    let number = |text: &str| if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None };
    match inside.split_once(',') {
        None => number(inside).map(|exactly| (exactly, Some(exactly))),
        Some(("", "")) => None,
        Some(("", most)) => Some((0, Some(number(most)?))),
        Some((least, "")) => Some((number(least)?, None)),
        Some((least, most)) => Some((number(least)?, Some(number(most)?))),
    }
}

/// The name of the tag at the start of the text: `HOST`, `F-ID/`.
fn tag_ahead(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('<')?.split_once('>')?.0;
    let bare = inside.strip_prefix("F-").and_then(|bare| bare.strip_suffix('/'));
    let is_known = match bare {
        Some(bare) => matches!(bare, "ADDR" | "IP4" | "IP6" | "DNS" | "CIDR" | "SUBNET" | "ID" | "PORT"),
        None => matches!(inside, "HOST" | "ADDR" | "IP4" | "IP6" | "DNS" | "CIDR" | "SUBNET" | "SKIPLINES"),
    };
    is_known.then_some(inside)
}

#[cfg(test)]
mod tests;
