use proptest::prelude::*;

use super::*;

fn exact(pattern: &str) -> String {
    translate(pattern, false).unwrap().exact
}

#[test]
fn pythons_peculiarities_become_rusts() {
    for (python, rust) in [
        (r"a{,3}", "a{0,3}"),
        (r"a{x}", r"a\{x\}"),
        (r"\<a\>", "<a>"),
        (r"[[a&&b]", r"[\[a\&\&b]"),
        (r"[]a]", r"[\]a]"),
        (r"[^]a-z-]", r"[^\]a-z\-]"),
        (r"[\w-]", r"[\w\-]"),
        (r"[a-c-e]", r"[a-c\-e]"),
        (r"\d\D\Z", r"[0-9][^0-9]\z"),
        (r"\x41\u00e9\-\/", "Aé\\-\\/"),
        (r"(?P<a>x)(?#note)", "(x)"),
        (r"(?iu)x", "(?i)x"),
        (r"x$", "x(?m:$)"),
    ] {
        assert_eq!(exact(python), rust, "{python}");
    }
}

#[test]
fn the_wide_form_takes_all_that_the_exact_one_takes() {
    let translated = translate(r"^(?P<q>['a])x(?!y)(?(q)1|2)(?P=q)(?>z)<HOST>", false).unwrap();
    assert!(translated.is_hard && translated.has_host);
    assert_eq!(translated.wide, format!(r"^(?:[\'a])x(?:)(?:1|2)(?s:.*?)(?:z)(?:{WIDE_HOST})"));
}

#[test]
fn what_swallows_the_start_of_an_address_is_noticed() {
    let is_greedy = |pattern: &str| translate(pattern, false).unwrap().is_greedy;
    for pattern in [
        ".*<HOST>",
        r"\S+<HOST>",
        "[^ ]*<HOST>",
        ".* ?<HOST>",
        "(?:a.*)?<HOST>",
        "(a|.*)<ADDR>",
        "<F-USER>.*</F-USER><HOST>",
        ".*.<HOST>",
    ] {
        assert!(is_greedy(pattern), "{pattern}");
    }
    for pattern in [
        ".* from <HOST>",
        ".*?<HOST>",
        r"\s*<HOST>",
        "[a-z]*<HOST>",
        r".*\[<HOST>\]",
        "(.*) <HOST>",
        "<HOST>.*",
        r"[^\d]*<HOST>",
    ] {
        assert!(!is_greedy(pattern), "{pattern}");
    }
}

#[test]
fn a_text_that_every_match_contains_is_found() {
    let literal = |pattern: &str| translate(pattern, false).unwrap().literals.join("|");
    assert_eq!(literal("^.*Login failed for.*<HOST>.*$"), "Login failed for");
    assert_eq!(literal("^a (?:quite long|short) text"), "quite long|short");
    assert_eq!(literal("^(?:not always there)? x"), " x");
    assert_eq!(literal("^(?!never there)abc"), "abc");
    assert_eq!(literal("one|three"), "one|three");
    assert_eq!(literal("^(?:(?:closed|reset) it|gone) x"), "closed|reset|gone");
    assert_eq!(literal("^(?:closed|[a-z]+) x"), " x");
    assert_eq!(literal("(?i)abcdef"), "");
    assert_eq!(literal("abcde*f"), "abcd");
    assert_eq!(literal("(?:always there)+"), "always there");
    assert_eq!(literal(r"[error] client"), " client");
}

#[test]
fn what_is_not_understood_is_said() {
    for (pattern, why) in [
        ("(a", "a `(` is not closed"),
        ("a)", "`)` closes nothing"),
        ("[a", "a `[` is not closed"),
        ("*a", "`*` repeats nothing"),
        (r"a\", "it ends in a lone backslash"),
        (r"\q", r"`\q` is not understood"),
        ("(?P=x)", "there is no group `x` to refer to"),
        ("(?x)a", "`(?x` is not understood"),
        ("a{5000}", "a part is repeated more than 1000 times"),
    ] {
        assert_eq!(translate(pattern, false).unwrap_err(), why, "{pattern}");
    }
}

/// Patterns made of parts that behave differently in the three forms.
fn any_pattern() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("a".to_owned()),
        Just(r"\d".to_owned()),
        Just("[^ab]".to_owned()),
        Just("(?P<g>a|b)?".to_owned()),
        Just("(?!b)".to_owned()),
        Just("(?=a|1)".to_owned()),
        Just("(?<=a)".to_owned()),
        Just(r"\b".to_owned()),
        Just(".*?".to_owned()),
        Just(" *".to_owned()),
        Just("(?:ab|1)+".to_owned()),
        Just("<HOST>".to_owned()),
        Just("$".to_owned()),
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| {
        // A name may be given once only where something refers to it.
        let text = parts.concat();
        match text.matches("(?P<g>").count() {
            1 => format!("{text}(?(g)a|.)"),
            _ => text,
        }
    })
}

proptest! {
    /// The prefilter turns nothing away that the pattern takes, and the literal is in every match.
    #[test]
    fn what_matches_exactly_matches_widely(pattern in any_pattern(), text in "[ab1. ]{0,12}|[a ]?1\\.1\\.1\\.1[b ]?") {
        let translated = translate(&pattern, false).unwrap();
        let matches = fancy_regex::Regex::new(&translated.exact).unwrap().is_match(text.as_str()).unwrap();
        if matches {
            prop_assert!(regex::Regex::new(&translated.wide).unwrap().is_match(&text), "{} on {text}", translated.wide);
            let literals = &translated.literals;
            prop_assert!(literals.is_empty() || literals.iter().any(|literal| text.contains(literal)), "{literals:?} in {text}");
        }
    }
}
