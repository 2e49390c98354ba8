//! The dialect of the files: includes, overrides, substitutions, parameters; and what is refused.

use palisade_base::Span;
use palisade_jail::{BanTime, Filter, JailError, JailFiles, MemoryFiles};

fn rules(files: &[(&str, &str)], call: &str) -> Vec<String> {
    Filter::read(&MemoryFiles::new(files), call).unwrap().rules().map(str::to_owned).collect()
}

fn refused(files: &[(&str, &str)], call: &str) -> JailError {
    Filter::read(&MemoryFiles::new(files), call).unwrap_err()
}

/// covers T5.3 (part)
#[test]
fn includes_defaults_and_overrides_are_laid_over_each_other() {
    let files = [
        (
            "filter.d/common.conf",
            "[INCLUDES]\nafter = common.local\n[DEFAULT]\n_daemon = \\S*\n__prefix = %(_daemon)s:",
        ),
        ("filter.d/common.local", "[DEFAULT]\n__prefix = LOCAL %(_daemon)s"),
        (
            "filter.d/a.conf",
            "[INCLUDES]\nbefore = common.conf\n[Definition]\n_daemon = sshd\nfailregex = ^%(__prefix)s <HOST>$\n",
        ),
    ];
    assert_eq!(rules(&files, "a"), ["^LOCAL sshd <HOST>$"]);
    let mut with_local = files.to_vec();
    with_local.push(("filter.d/a.local", "[Definition]\nfailregex = %(known/failregex)s\n            ^more <HOST>$"));
    assert_eq!(rules(&with_local, "a"), ["^LOCAL sshd <HOST>$", "^more <HOST>$"]);
}

/// covers T5.3 (part)
#[test]
fn parameters_choose_among_modes() {
    let file = "[Definition]\nmode = normal\nmdre-normal = ^normal <HOST>\nmdre-loud = %(mdre-normal)s\n  ^loud <HOST>\n\
                pub = <mdre-<mode>>\nfailregex = <pub>\n[Init]\nmaxlines = 2\n";
    let files = [("filter.d/a.conf", file)];
    assert_eq!(rules(&files, "a"), ["^normal <HOST>"]);
    assert_eq!(rules(&files, "a[mode=loud]"), ["^normal <HOST>", "^loud <HOST>"]);
    assert_eq!(rules(&files, "a[mode=\"loud\", other='x,y']"), ["^normal <HOST>", "^loud <HOST>"]);
}

#[test]
fn options_of_other_sections_can_be_put_in() {
    let file = "[DEFAULT]\nlogtype = file\n[Definition]\nfailregex = ^<lt_<logtype>/prefix> <HOST>\n[lt_file]\n\
                prefix = F\n[lt_short]\nprefix = %(lt_file/prefix)sS\n";
    assert_eq!(rules(&[("filter.d/a.conf", file)], "a"), ["^F <HOST>"]);
    assert_eq!(rules(&[("filter.d/a.conf", file)], "a[logtype=short]"), ["^FS <HOST>"]);
}

#[test]
fn comments_and_blank_lines_do_not_end_a_value() {
    let file = "# one\n[Definition]\nfailregex = ^a <HOST>\n# two\n\n   ; three\n  ^b <HOST> ; four\nignoreregex :\n";
    assert_eq!(rules(&[("filter.d/a.conf", file)], "a"), ["^a <HOST>", "^b <HOST>"]);
}

#[test]
fn errors_name_file_and_line_and_a_way_out() {
    for (file, line, what) in [
        ("failregex = x\n", 1, "before the first section"),
        ("[Definition]\n\nnonsense\n", 3, "`nonsense` is no option"),
        ("[Definition]\n\nfailregex = ^x$\n", 3, "does not say whose failure it is"),
        ("[Definition]\nfailregex = ^(<HOST>$\n", 2, "a `(` is not closed"),
        ("[Definition]\nfailregex = ^(?x) <HOST>$\n", 2, "`(?x` is not understood"),
        ("[Definition]\nfailregex = %(gone)s <HOST>\n", 2, "there is no option `gone`"),
        ("[Definition]\nfailregex = 100% <HOST>\n", 2, "a lone %"),
        ("[Definition]\na = %(b)s\nb = %(a)s\nfailregex = %(a)s<HOST>\n", 2, "refers to itself"),
        ("[Definition]\na = <b>\nb = <a>\nfailregex = <a><HOST>\n", 4, "without end"),
        ("[Definition]\nfailregex = ^<HOST>\nmaxlines = 1000000\n", 3, "is no number from 1"),
        ("[Definition]\nfailregex = ^<HOST>\ndatepattern = %%Q\n", 3, "`%Q` is no part of a date"),
    ] {
        let error = refused(&[("filter.d/a.conf", file)], "a");
        assert_eq!(&*error.place.file, "filter.d/a.conf", "{error}");
        let close = error.place.line == line || (what == "refers to itself" && error.place.line <= 3);
        assert!(close && error.what.contains(what), "{file:?}: {error}");
        assert!(error.fix.ends_with('.') && error.fix.len() > 10, "{error}");
    }
}

#[test]
fn a_missing_filter_is_told_from_where_it_is_named() {
    let files = [("jail.d/x.conf", "[x]\nenabled = true\nfilter = gone\nlogpath = /var/log/x\n")];
    let found = JailFiles::read(&MemoryFiles::new(&files)).unwrap();
    assert_eq!(
        found.broken[0].to_string(),
        "jail.d/x.conf:3: there is no filter `gone`. Check the name, or install the file."
    );
}

/// covers T5.3 (part)
#[test]
fn jails_inherit_override_and_are_enabled_one_by_one() {
    let files = [
        (
            "jail.conf",
            "[DEFAULT]\nbantime = 10m\nfindtime = 1h\nenabled = false\nmode = normal\nfilter = %(__name__)s[mode=%(mode)s]\n\
                       ignoreip = 10.0.0.0/8 192.0.2.1 host.example\n[one]\nlogpath = /var/log/one\n\
                       [two]\nlogpath = /var/log/two.log tail\n           /var/log/two/*.log\n",
        ),
        ("jail.d/a.conf", "[two]\nenabled = true\nmode = loud\nmaxretry = 3\n"),
        ("jail.local", "[DEFAULT]\nbantime = 1d\n[two]\nbantime.increment = true\nbantime.multipliers = 1 5\n"),
        ("filter.d/two.conf", "[Definition]\nre-loud = ^loud <HOST>\nfailregex = <re-<mode>>\n"),
    ];
    let found = JailFiles::read(&MemoryFiles::new(&files)).unwrap();
    assert!(found.broken.is_empty(), "{:?}", found.broken);
    let [jail] = found.jails.as_slice() else { panic!("{:?}", found.jails) };
    assert_eq!(jail.filter.rules().collect::<Vec<_>>(), ["^loud <HOST>"]);
    let paths: Vec<(&str, bool)> = jail.log_paths.iter().map(|path| (path.path.as_str(), path.from_end)).collect();
    assert_eq!(paths, [("/var/log/two.log", true), ("/var/log/two/*.log", false)]);
    assert_eq!((jail.policy.max_retry, jail.policy.find_time), (3, Span::hours(1)));
    assert_eq!(jail.policy.ban_time_after(1), BanTime::For(Span::days(5)));
    assert!(
        jail.policy.is_allowed("10.1.2.3".parse().unwrap()) && !jail.policy.is_allowed("11.1.2.3".parse().unwrap())
    );
    assert!(found.warnings.iter().any(|warning| warning.what.contains("`host.example` under `ignoreip`")));
}

#[test]
fn a_jail_that_reads_the_journal_is_warned_of() {
    let files = [
        ("jail.conf", "[a]\nenabled = true\nbackend = systemd\n"),
        ("filter.d/a.conf", "[Definition]\nfailregex = ^<HOST>\njournalmatch = _COMM=a\n"),
    ];
    let found = JailFiles::read(&MemoryFiles::new(&files)).unwrap();
    assert_eq!(found.jails[0].filter.journal_match(), ["_COMM=a"]);
    assert!(found.warnings[0].what.contains("the journal, which is not read here"), "{:?}", found.warnings);
}

#[test]
fn a_jail_may_have_expressions_of_its_own() {
    let files = [
        ("jail.conf", "[a]\nenabled = true\nlogpath = /x\nfailregex = %(known/failregex)s\n  ^mine <HOST>\n"),
        ("filter.d/a.conf", "[Definition]\nfailregex = ^theirs <HOST>\n"),
    ];
    let found = JailFiles::read(&MemoryFiles::new(&files)).unwrap();
    assert_eq!(
        found.jails[0].filter.rules().collect::<Vec<_>>(),
        ["^theirs <HOST>", "^mine <HOST>"],
        "{:?}",
        found.broken
    );
}

#[test]
fn one_broken_jail_does_not_open_the_others() {
    let files = [
        (
            "jail.conf",
            "[bad]\nenabled = yes\nbantime = soon\nlogpath = /x\nfilter = good\n[good]\nenabled = yes\nlogpath = /x\n",
        ),
        ("filter.d/good.conf", "[Definition]\nfailregex = ^<HOST>\n"),
    ];
    let found = JailFiles::read(&MemoryFiles::new(&files)).unwrap();
    assert_eq!((found.jails.len(), found.jails[0].name.as_str()), (1, "good"));
    assert!(found.broken[0].to_string().starts_with("jail.conf:3: `bantime = soon` in [bad]"), "{:?}", found.broken);
}
