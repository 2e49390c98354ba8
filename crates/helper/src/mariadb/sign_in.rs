//! How an account gets in: as its row in the tables says, and as the running server says. No hash leaves the helper.

use serde_json::Value;

use super::{
    model::WayIn,
    statement::{Token, tokens},
};

/// What an account without any is taken to have.
const USUAL_PLUGIN: &str = "mysql_native_password";

/// The methods of an account, any of which is enough.
#[derive(PartialEq, Eq)]
pub(super) struct SignIn {
    methods: Vec<Method>,
    pub(super) is_locked: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct Method {
    plugin: String,
    /// A hash, or what stands in its place.
    secret: String,
}

impl SignIn {
    /// From the account's row in `mysql.global_priv`; `None` where it is a role, or no such row.
    pub(super) fn stored(row: &str) -> Option<Self> {
        let row: Value = serde_json::from_str(row).ok()?;
        let row = row.as_object()?;
        let is = |key: &str| row.get(key).and_then(Value::as_bool).unwrap_or(false);
        if is("is_role") {
            return None;
        }
        let whole = |part: &Value| method(part).unwrap_or_else(|| own_method(row));
        let methods = match row.get("auth_or").and_then(Value::as_array) {
            Some(parts) => parts.iter().map(whole).collect(),
            None => vec![own_method(row)],
        };
        Some(Self { methods, is_locked: is("account_locked") })
    }

    /// From what SHOW CREATE USER says.
    pub(super) fn running(statement: &str) -> Option<Self> {
        let tokens: Vec<Token> = tokens(statement)?.into_iter().map(|(token, _)| token).collect();
        let words = |wanted: &[&str]| {
            let at = |part: &[Token]| part.iter().zip(wanted).all(|(token, word)| token.is_word(word));
            tokens.windows(wanted.len()).position(at)
        };
        words(&["CREATE", "USER"]).filter(|at| *at == 0)?;
        let is_locked = words(&["ACCOUNT", "LOCK"]).is_some();
        let methods = match words(&["IDENTIFIED"]) {
            None => vec![Method { plugin: USUAL_PLUGIN.to_owned(), secret: String::new() }],
            Some(at) => methods(&tokens[at + 1..])?,
        };
        Some(Self { methods, is_locked })
    }

    pub(super) fn ways_in(&self) -> Vec<WayIn> {
        self.methods.iter().map(Method::way_in).collect()
    }
}

/// `{}` stands for what the row itself has.
fn method(part: &Value) -> Option<Method> {
    let plugin = part.get("plugin")?.as_str()?.to_owned();
    let secret = part.get("authentication_string").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Method { plugin, secret })
}

fn own_method(row: &serde_json::Map<String, Value>) -> Method {
    let of = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let plugin = of("plugin");
    let plugin = if plugin.is_empty() { USUAL_PLUGIN.to_owned() } else { plugin };
    Method { plugin, secret: of("authentication_string") }
}

/// `BY PASSWORD 'hash'`, or `VIA plugin USING 'hash' OR plugin …`, up to what has nothing to do with it.
fn methods(tokens: &[Token]) -> Option<Vec<Method>> {
    let (first, mut rest) = tokens.split_first()?;
    if first.is_word("BY") {
        let Some(Token::Text(secret)) = rest.get(1) else { return None };
        return Some(vec![Method { plugin: USUAL_PLUGIN.to_owned(), secret: secret.clone() }]);
    }
    if !first.is_word("VIA") {
        return None;
    }
    let mut methods = Vec::new();
    loop {
        let (Token::Word(plugin) | Token::Text(plugin) | Token::Name(plugin)) = rest.first()? else { return None };
        rest = &rest[1..];
        let mut secret = String::new();
        if let [using, Token::Text(hash), after @ ..] = rest
            && using.is_word("USING")
        {
            (secret, rest) = (hash.clone(), after);
        }
        methods.push(Method { plugin: plugin.clone(), secret });
        match rest.first() {
            Some(or) if or.is_word("OR") => rest = &rest[1..],
            _ => return Some(methods),
        }
    }
}

impl Method {
    fn way_in(&self) -> WayIn {
        match self.plugin.as_str() {
            "unix_socket" | "auth_socket" => WayIn::Socket,
            USUAL_PLUGIN | "mysql_old_password" if self.secret.is_empty() => WayIn::NoPassword,
            USUAL_PLUGIN | "mysql_old_password" if is_hash(&self.secret) => WayIn::Password,
            USUAL_PLUGIN | "mysql_old_password" => WayIn::Never,
            "ed25519" | "parsec" if self.secret.is_empty() => WayIn::NoPassword,
            "ed25519" | "parsec" => WayIn::Password,
            other => WayIn::Plugin(other.to_owned()),
        }
    }
}

/// `*` and 40 digits; before release 4.1, 16 digits.
fn is_hash(secret: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match secret.strip_prefix('*') {
        Some(digits) => digits.len() == 40 && is_hex(digits),
        None => secret.len() == 16 && is_hex(secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "*6C617ACA991985C2E6EBC240D77D84173C339202";

    fn stored(row: &str) -> Vec<WayIn> {
        SignIn::stored(row).unwrap().ways_in()
    }

    fn running(statement: &str) -> Vec<WayIn> {
        SignIn::running(statement).unwrap().ways_in()
    }

    #[test]
    fn the_tables_rows_are_read_as_the_server_reads_them() {
        assert_eq!(stored("{\"access\":18446744073709551615}"), [WayIn::NoPassword], "as a new server has root");
        assert_eq!(
            stored(&format!("{{\"plugin\":\"mysql_native_password\",\"authentication_string\":\"{HASH}\"}}")),
            [WayIn::Password]
        );
        let debian = "{\"plugin\":\"mysql_native_password\",\"authentication_string\":\"invalid\",\"auth_or\":[{},{\"plugin\":\"unix_socket\"}]}";
        assert_eq!(stored(debian), [WayIn::Never, WayIn::Socket]);
        let open = "{\"plugin\":\"unix_socket\",\"auth_or\":[{\"plugin\":\"mysql_native_password\",\"authentication_string\":\"\"},{}]}";
        assert_eq!(stored(open), [WayIn::NoPassword, WayIn::Socket], "a second way without a password is one");
        assert_eq!(stored("{\"plugin\":\"pam\",\"authentication_string\":\"x\"}"), [WayIn::Plugin("pam".into())]);
        assert!(SignIn::stored("{\"access\":0,\"is_role\":true}").is_none());
        for row in ["", "[]", "null", "{"] {
            assert!(SignIn::stored(row).is_none(), "{row}");
        }
    }

    #[test]
    fn the_running_servers_words_are_read() {
        assert_eq!(running("CREATE USER ``@`localhost`"), [WayIn::NoPassword]);
        let password = format!("CREATE USER `o'b``x\\y`@`%.example.com` IDENTIFIED BY PASSWORD '{HASH}' REQUIRE SSL");
        assert_eq!(running(&password), [WayIn::Password]);
        let both =
            "CREATE USER `a`@`b` IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket ACCOUNT LOCK";
        assert_eq!(running(both), [WayIn::Never, WayIn::Socket]);
        assert!(SignIn::running(both).unwrap().is_locked);
        assert_eq!(running("CREATE USER `a`@`b` IDENTIFIED VIA ed25519 USING 'aKxn'"), [WayIn::Password]);
        // Words in a name or a hash are no words.
        assert_eq!(running("CREATE USER `IDENTIFIED VIA unix_socket`@`b`"), [WayIn::NoPassword]);
        assert!(!SignIn::running("CREATE USER `ACCOUNT LOCK`@`b`").unwrap().is_locked);
        for statement in ["", "CREATE ROLE `a`", "CREATE USER `a`@`b` IDENTIFIED", "CREATE USER `a`@`b` IDENTIFIED VIA"]
        {
            assert!(SignIn::running(statement).is_none(), "{statement}");
        }
    }

    #[test]
    fn both_say_the_same_where_they_are_the_same() {
        let same = |row: &str, statement: &str| SignIn::stored(row) == SignIn::running(statement);
        assert!(same("{}", "CREATE USER ``@`localhost`"));
        let locked = "{\"plugin\":\"mysql_native_password\",\"authentication_string\":\"\",\"account_locked\":true}";
        assert!(same(locked, "CREATE USER `mariadb.sys`@`localhost` ACCOUNT LOCK PASSWORD EXPIRE"));
        let other = format!("CREATE USER `a`@`b` IDENTIFIED BY PASSWORD '{HASH}'");
        assert!(!same("{\"plugin\":\"mysql_native_password\",\"authentication_string\":\"*0\"}", &other));
    }
}
