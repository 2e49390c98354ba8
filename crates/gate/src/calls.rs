//! The methods of a Frappe application that a request calls.
//!
//! Frappe runs one and the same method by several doors: `/api/method/x`, `/api/v1/method/x` and `/api/v2/method/x`; a
//! method of a document type also as `/api/v2/method/<type>/x`; and `cmd=x` on any path, in its query, a form, JSON or a
//! form of parts, whatever the path says. What holds for a method holds by whichever door it is called. Several commands in
//! one request are all taken for called: which one Frappe takes differs by version.
//!
//! Methods that run other methods (`run_doc_method`, `upload_file` with `method`) are not looked into.

/// How many commands of one request are told apart. Who gives more has something to hide.
const MOST_NAMES: usize = 16;
/// Where the versions of the API have documents.
const DOCUMENTS: [&str; 3] = ["resource/", "v1/resource/", "v2/document/"];
/// The module in which Frappe looks for a name without dots.
const HANDLER: &str = "frappe.handler.";

/// What is called, as a path names it, or a command. All in small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    /// A method: `frappe.client.get_list`.
    Named(&'a str),
    /// A method by the document type whose module it is in: `user`, `update_password`.
    OfType { of: &'a str, method: &'a str },
    /// Documents of a type, or one of them: `user/anna`. They, too, are below one path for each version of the API.
    Documents(&'a str),
}

impl<'a> Call<'a> {
    /// What a path names, in its lenient form.
    pub(crate) fn in_path(lenient: &'a str) -> Option<Self> {
        let rest = lenient.strip_prefix("/api/")?;
        let documents = DOCUMENTS.iter().find_map(|folder| rest.strip_prefix(folder)).filter(|rest| !rest.is_empty());
        documents.map(Self::Documents).or_else(|| Self::method(rest))
    }

    fn method(behind_api: &'a str) -> Option<Self> {
        let (version, rest) = behind_method(behind_api)?;
        let mut names = rest.split('/').filter(|name| !name.is_empty());
        let first = names.next()?;
        match names.next() {
            Some(method) if version == Version::Two => Some(Self::OfType { of: first, method }),
            // Frappe drops what follows.
            _ => Some(Self::Named(first)),
        }
    }

    /// Whether it is a method.
    pub(crate) const fn is_method(self) -> bool {
        matches!(self, Self::Named(_) | Self::OfType { .. })
    }

    /// Whether the other is the same, or a document among these.
    pub(crate) fn covers(self, other: Call<'_>) -> bool {
        match (self, other) {
            (Self::Named(one), Call::Named(other)) => in_handler(one) == in_handler(other),
            (Self::OfType { of, method }, Call::OfType { of: other, method: name }) => {
                method == name && scrubbed(of).eq(scrubbed(other))
            }
            (Self::Named(name), Call::OfType { of, method }) => is_in_module_of(name, of, method),
            (Self::OfType { of, method }, Call::Named(name)) => is_in_module_of(name, of, method),
            (Self::Documents(these), Call::Documents(other)) => {
                let these = these.trim_end_matches('/');
                other.strip_prefix(these).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            _ => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// All that follows the word `method` in a path of the API, of whatever version.
pub(crate) fn method_in(lenient: &str) -> Option<&str> {
    behind_method(lenient.strip_prefix("/api/")?).map(|(_, rest)| rest)
}

fn behind_method(behind_api: &str) -> Option<(Version, &str)> {
    let (version, rest) = match behind_api.strip_prefix("v2/") {
        Some(rest) => (Version::Two, rest),
        None => (Version::One, behind_api.strip_prefix("v1/").unwrap_or(behind_api)),
    };
    Some((version, rest.strip_prefix("method/")?))
}

fn in_handler(name: &str) -> &str {
    name.strip_prefix(HANDLER).unwrap_or(name)
}

/// A document type as its module is called: `Sales Order` is `sales_order`.
fn scrubbed(of: &str) -> impl Iterator<Item = char> {
    of.chars().map(|letter| if matches!(letter, ' ' | '-') { '_' } else { letter })
}

/// Whether the name is that of a method in a document type's own module: `….doctype.user.user.update_password`.
fn is_in_module_of(name: &str, of: &str, method: &str) -> bool {
    let mut parts = name.rsplit('.');
    let is_type = |part: Option<&str>| part.is_some_and(|part| part.chars().eq(scrubbed(of)));
    parts.next() == Some(method) && is_type(parts.next()) && is_type(parts.next())
}

/// The commands that fields of a request give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    names: Vec<String>,
    /// One that can't be read, or too many: it may be any.
    any: bool,
}

impl Calls {
    /// None.
    #[cfg(test)]
    pub(crate) const NONE: Self = Self { names: Vec::new(), any: false };

    /// Adds what a field `cmd` says.
    pub(crate) fn note(&mut self, value: &[u8]) {
        match plain_name(value) {
            _ if value.is_empty() => {}
            Some(name) if self.names.contains(&name) => {}
            Some(name) if self.names.len() < MOST_NAMES => self.names.push(name),
            _ => self.any = true,
        }
    }

    /// Adds a command that can't be read.
    pub(crate) const fn note_unreadable(&mut self) {
        self.any = true;
    }

    /// Adds those of another part of the request.
    pub(crate) fn add(&mut self, others: &Self) {
        self.any |= others.any;
        others.names.iter().for_each(|name| self.note(name.as_bytes()));
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.names.is_empty() && !self.any
    }

    /// Whether one of them may be such a call.
    pub(crate) fn may_be(&self, is_meant: impl Fn(Call<'_>) -> bool) -> bool {
        self.any || self.names.iter().any(|name| is_meant(Call::Named(name)))
    }
}

/// A method's name, in small letters. What is none can't be judged: an app that decodes it once more than we do might
/// find another name in it.
pub(crate) fn plain_name(value: &[u8]) -> Option<String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let text = std::str::from_utf8(value).ok().filter(|_| value.iter().all(plain))?;
    Some(text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn named(name: &str) -> Option<Call<'_>> {
        Some(Call::Named(name))
    }

    const fn of_type<'a>(of: &'a str, method: &'a str) -> Option<Call<'a>> {
        Some(Call::OfType { of, method })
    }

    #[test]
    fn a_path_names_a_method_in_every_version_of_the_api() {
        for (path, call) in [
            ("/api/method/ping", named("ping")),
            ("/api/method/ping/", named("ping")),
            ("/api/method/ping/anything", named("ping")),
            ("/api/v1/method/frappe.client.get_list", named("frappe.client.get_list")),
            ("/api/v1/method/ping/anything", named("ping")),
            ("/api/v2/method/ping", named("ping")),
            ("/api/v2/method/ping/", named("ping")),
            ("/api/v2/method/user/update_password", of_type("user", "update_password")),
            ("/api/v2/method/sales order/make/more", of_type("sales order", "make")),
            ("/api/method", None),
            ("/api/method/", None),
            ("/api/resource/user", Some(Call::Documents("user"))),
            ("/api/v1/resource/user/anna", Some(Call::Documents("user/anna"))),
            ("/api/v2/document/sales order/a/method/x", Some(Call::Documents("sales order/a/method/x"))),
            ("/api/resource/", None),
            ("/api/v3/method/ping", None),
            ("/api/methods/ping", None),
            ("/x/api/method/ping", None),
            ("/", None),
        ] {
            assert_eq!(Call::in_path(path), call, "{path}");
        }
    }

    #[test]
    fn one_method_has_several_names() {
        let may_be = |one: Option<Call<'_>>, other: Option<Call<'_>>| {
            let (one, other) = (one.unwrap(), other.unwrap());
            assert_eq!(one.covers(other), other.covers(one), "either way round");
            one.covers(other)
        };
        assert!(may_be(named("upload_file"), named("upload_file")));
        assert!(may_be(named("upload_file"), named("frappe.handler.upload_file")));
        assert!(may_be(of_type("sales order", "make"), of_type("sales-order", "make")));
        let long = named("frappe.core.doctype.user.user.update_password");
        assert!(may_be(long, of_type("user", "update_password")));
        assert!(may_be(named("erpnext.selling.doctype.sales_order.sales_order.make"), of_type("sales order", "make")));
        assert!(!may_be(long, of_type("user", "password")));
        assert!(!may_be(long, of_type("role", "update_password")));
        assert!(!may_be(named("user.update_password"), of_type("user", "update_password")));
        assert!(!may_be(named("frappe.client.get_list"), named("frappe.client.get")));
        assert!(!may_be(of_type("user", "a"), of_type("users", "a")));
    }

    #[test]
    fn documents_are_the_same_in_every_version() {
        let covers = |one, other| Call::in_path(one).unwrap().covers(Call::in_path(other).unwrap());
        assert!(covers("/api/resource/user", "/api/v2/document/user"));
        assert!(covers("/api/resource/user/", "/api/v1/resource/user/anna"));
        assert!(covers("/api/v2/document/user", "/api/resource/user/anna/"));
        assert!(!covers("/api/resource/user/anna", "/api/v2/document/user"));
        assert!(!covers("/api/resource/user", "/api/v2/document/users"));
        assert!(!covers("/api/resource/user", "/api/method/user"));
    }

    #[test]
    fn what_is_no_plain_name_may_be_any() {
        let calls = |values: &[&str]| {
            let mut calls = Calls::default();
            values.iter().for_each(|value| calls.note(value.as_bytes()));
            calls
        };
        let is_ping = |calls: &Calls| calls.may_be(|call| call.covers(Call::Named("ping")));
        for values in
            [&["ping"][..], &["x", "PING"], &["pi%6eg"], &[" ping"], &["\u{ff50}ing"], &["frappe.handler.ping"]]
        {
            assert!(is_ping(&calls(values)), "{values:?}");
        }
        for values in [&[][..], &[""], &["pong"], &["pin"], &["my-script", "ping2"]] {
            assert!(!is_ping(&calls(values)), "{values:?}");
        }
        assert!(calls(&[""]).is_empty() && !calls(&["x"]).is_empty() && !calls(&["%"]).is_empty());
        let many: Vec<String> = (0..17).map(|number| format!("x{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(!is_ping(&calls(&many[..16])) && is_ping(&calls(&many)), "who gives more has something to hide");
    }

    proptest! {
        #[test]
        fn no_path_and_no_value_make_it_panic(path in "/(api|v1|v2|method|[a-z .]{0,4}|/){0,8}", value in "\\PC{0,20}") {
            let mut calls = Calls::default();
            calls.note(value.as_bytes());
            if let Some(call) = Call::in_path(&path) {
                prop_assert!(call.covers(call));
                let _ = calls.may_be(|other| other.covers(call));
            }
        }
    }
}
