//! Groups, look-around, conditionals, flags, and fail2ban's tags.

use super::{Atom, EMPTY, MARK_V4, MARK_V6, NAME, PLAIN, V4, V6, WIDE_HOST, Walk};

/// Of which family an address may be, or whether a name will do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Host {
    Any,
    Address,
    V4,
    V6,
    Name,
}

impl Walk<'_> {
    /// What follows an opening parenthesis.
    pub(super) fn group(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        if !self.skip("?") {
            self.captures += 1;
            self.write_each("(", "(", "(?:");
            return self.close(depth, before);
        }
        if self.skip("P<") {
            let name = self.until('>')?;
            return self.named(&name, depth, before);
        }
        if self.skip("P=") {
            let name = self.until(')')?;
            return self.refer_to(&name);
        }
        if self.skip("#") {
            self.until(')')?;
            return Ok(EMPTY);
        }
        if self.skip("(") {
            return self.conditional(depth, before);
        }
        for (look, text) in [("=", "(?="), ("!", "(?!"), ("<=", "(?<="), ("<!", "(?<!")] {
            if self.skip(look) {
                return self.look(text, depth, before);
            }
        }
        if self.skip(">") {
            self.out.is_hard = true;
            self.write_each("(?>", "(?>", "(?:");
            return self.close(depth, before);
        }
        self.flags(depth, before)
    }

    fn until(&mut self, end: char) -> Result<String, String> {
        let (name, rest) = self.rest.split_once(end).ok_or_else(|| format!("a `(?` is not closed by `{end}`"))?;
        self.rest = rest;
        match !name.is_empty() && name.len() <= 64 {
            true => Ok(name.to_owned()),
            false => Err("a group has no proper name".to_owned()),
        }
    }

    fn close(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        let inside = self.alternatives(depth + 1, before)?;
        if !self.skip(")") {
            return Err("a `(` is not closed".to_owned());
        }
        self.write(")");
        Ok(inside)
    }

    fn open_capture(&mut self, name: &str) {
        self.captures += 1;
        self.out.groups.push((name.to_owned(), self.captures));
    }

    fn named(&mut self, name: &str, depth: u32, before: bool) -> Result<Atom, String> {
        self.open_capture(name);
        self.write_each("(", "(", "(?:");
        self.close(depth, before)
    }

    fn number_of(&self, name: &str) -> Result<usize, String> {
        if let Ok(number) = name.parse::<usize>() {
            return Ok(number);
        }
        let found = self.out.groups.iter().rev().find(|(group, _)| group == name);
        found.map(|(_, number)| *number).ok_or_else(|| format!("there is no group `{name}` to refer to"))
    }

    fn refer_to(&mut self, name: &str) -> Result<Atom, String> {
        let number = self.number_of(name)?;
        Ok(self.back_reference(&number.to_string()))
    }

    /// `(?(name)yes|no)`
    fn conditional(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        let name = self.until(')')?;
        let number = self.number_of(&name)?;
        self.out.is_hard = true;
        self.optional += 1;
        let open = format!("(?({number})");
        self.write_each(&open, &open, "(?:");
        let mut atom = self.sequence(depth + 1, before)?;
        if self.skip("|") {
            self.write("|");
            let other = self.sequence(depth + 1, before)?;
            atom.ends_greedy |= other.ends_greedy;
            atom.may_be_empty |= other.may_be_empty;
        } else {
            self.write_each("", "", "|");
            atom.may_be_empty = true;
        }
        self.optional -= 1;
        if !self.skip(")") {
            return Err("a conditional is not closed, or has more than two branches".to_owned());
        }
        self.write(")");
        Ok(atom)
    }

    fn look(&mut self, open: &str, depth: u32, before: bool) -> Result<Atom, String> {
        self.out.is_hard = true;
        self.write_each(open, open, "(?:");
        self.looking += 1;
        self.optional += 1;
        let closed = self.close(depth, before);
        self.optional -= 1;
        self.looking -= 1;
        if self.looking == 0 {
            self.out.wide.push(')');
        }
        closed.map(|_| EMPTY)
    }

    /// `(?i)`, `(?i:…)`, `(?:…)`. Unicode is what is meant anyway.
    fn flags(&mut self, depth: u32, before: bool) -> Result<Atom, String> {
        let end = self.rest.find([')', ':']).ok_or("a `(?` is not closed")?;
        let flags: String = self.rest[..end].chars().filter(|c| !matches!(c, 'u' | 'a' | 'L')).collect();
        if let Some(c) = flags.chars().find(|c| !matches!(c, 'i' | 's' | 'm' | '-')) {
            return Err(format!("`(?{c}` is not understood"));
        }
        self.ignores_case |= flags.contains('i');
        let is_group = self.rest[end..].starts_with(':');
        self.rest = &self.rest[end + 1..];
        if is_group {
            self.write(&format!("(?{flags}:"));
            return self.close(depth, before);
        }
        if !flags.is_empty() && flags != "-" {
            self.write(&format!("(?{flags})"));
        }
        Ok(EMPTY)
    }

    pub(super) fn tag(&mut self, tag: &str, before: bool) -> Result<Atom, String> {
        self.rest = &self.rest[tag.len() + 1..];
        let bare = tag.trim_matches('/');
        match bare.strip_prefix("F-").filter(|_| tag.ends_with('/')).unwrap_or(bare) {
            "HOST" => Ok(self.host(Host::Any, false, before)),
            "ADDR" => Ok(self.host(Host::Address, false, before)),
            "IP4" => Ok(self.host(Host::V4, false, before)),
            "IP6" => Ok(self.host(Host::V6, false, before)),
            "SUBNET" => Ok(self.host(Host::Address, true, before)),
            "DNS" => Ok(self.host(Host::Name, false, before)),
            "CIDR" => Ok(self.capture("cidr", "[0-9]+")),
            "SKIPLINES" => Ok(self.skip_lines()),
            "ID" => Ok(self.capture("fid", r"\S+")),
            "PORT" => Ok(self.capture("fport", r"\w+")),
            _ => Err(format!("`<{tag}>` is not understood")),
        }
    }

    fn capture(&mut self, name: &str, text: &str) -> Atom {
        self.open_capture(name);
        self.write_each(&format!("({text})"), &format!("({text})"), &format!("(?:{text})"));
        PLAIN
    }

    fn skip_lines(&mut self) -> Atom {
        let name = format!("skiplines{}", self.skiplines);
        self.skiplines += 1;
        self.write("\\n");
        self.capture(&name, "(?:.*\\n)*?")
    }

    /// An address, or a name: three groups, of which one takes part.
    fn host(&mut self, host: Host, with_prefix: bool, before: bool) -> Atom {
        if host != Host::Name {
            self.out.has_host = true;
            self.out.is_greedy |= before;
        }
        let (mut exact, mut marked) = (Vec::new(), Vec::new());
        if matches!(host, Host::Any | Host::Address | Host::V4) {
            self.open_capture("ip4");
            exact.push(format!("(?:::[fF]{{4,6}}:)?({V4})"));
            marked.push(format!("({MARK_V4})"));
        }
        if matches!(host, Host::Any | Host::Address | Host::V6) {
            self.open_capture("ip6");
            exact.push(format!("({V6})"));
            marked.push(format!("({MARK_V6})"));
        }
        let (mut exact, mut marked) = (exact.join("|"), marked.join("|"));
        if with_prefix {
            self.open_capture("cidr");
            for text in [&mut exact, &mut marked] {
                *text = format!("(?:{text})(?:/([0-9]+))?");
            }
        }
        if matches!(host, Host::Any | Host::Address) {
            exact = format!(r"\[?(?:{exact})\]?");
            marked = format!(r"\[?(?:{marked})\]?");
        }
        if matches!(host, Host::Any | Host::Name) {
            self.open_capture("dns");
            // No line holds both marks: the group is there so that the numbers agree, and never matches.
            let between = if exact.is_empty() { "" } else { "|" };
            exact = format!("{exact}{between}({NAME})");
            marked = format!("{marked}{between}({MARK_V6}{MARK_V4})");
        }
        self.write_each(&format!("(?:{exact})"), &format!("(?:{marked})"), &format!("(?:{WIDE_HOST})"));
        PLAIN
    }
}

/// `<F-USER>` opens a group and `</F-USER>` closes it, with anything between them: they are read as parentheses.
pub(super) fn with_groups_for_tags(pattern: &str) -> String {
    let (mut text, mut rest, mut open) = (String::new(), pattern, Vec::new());
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        match custom_tag(after) {
            Some((name, true)) if open.contains(&name) => {
                text.push(')');
                rest = &after[name.len() + 4..];
            }
            Some((name, false)) => {
                text.push_str(&format!("(?P<{}>", group_name(name)));
                open.push(name);
                rest = &after[name.len() + 3..];
            }
            _ => {
                text.push('<');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// `F-USER>…` or `/F-USER>…`: the name behind `F-`, and whether it closes.
fn custom_tag(after: &str) -> Option<(&str, bool)> {
    let (inside, closes) = after.strip_prefix('/').map_or((after, false), |inside| (inside, true));
    let name = inside.strip_prefix("F-")?.split_once('>')?.0;
    let is_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, closes))
}

fn group_name(tag: &str) -> String {
    match tag {
        "ID" => "fid".to_owned(),
        "PORT" => "fport".to_owned(),
        other => other.to_lowercase(),
    }
}
