use super::*;

fn read(line: &str) -> Option<(String, String)> {
    let now = Instant::parse("2026-03-01T09:30:00Z").unwrap();
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let mut finder = DateForms::defaults().finder();
    let (form, cut) = finder.find(line)?;
    let instant = finder.instant(form, line, now, &zone)?;
    Some((line[cut].to_owned(), instant.to_string()))
}

#[test]
fn every_default_form_compiles() {
    assert_eq!(AT_START.len(), DEFAULTS.len());
    assert_eq!(ANYWHERE.len(), 14);
}

#[test]
fn the_usual_forms_are_found_and_read() {
    for (line, cut, time) in [
        ("2026-03-01 10:00:00,123 x", "2026-03-01 10:00:00,123", "2026-03-01T09:00:00.123Z"),
        ("2026-03-01T10:00:00.5+02:00 x", "2026-03-01T10:00:00.5+02:00", "2026-03-01T08:00:00.5Z"),
        ("2026/03/01 10:00:00 [error]", "2026/03/01 10:00:00", "2026-03-01T09:00:00Z"),
        ("Mar  1 10:00:00 host sshd", "Mar  1 10:00:00", "2026-03-01T09:00:00Z"),
        ("[Sun Mar 01 10:00:00.250000 2026] [error]", "Sun Mar 01 10:00:00.250000 2026", "2026-03-01T09:00:00.25Z"),
        ("203.0.113.5 - - [01/Mar/2026:10:00:00 +0100] \"GET", "01/Mar/2026:10:00:00 +0100", "2026-03-01T09:00:00Z"),
        ("1772355600.500 1 x", "1772355600.500", "2026-03-01T09:00:00.5Z"),
        ("type=X msg=audit(1772355600.500:12): y", "1772355600.500", "2026-03-01T09:00:00.5Z"),
        ("10:00:00 x", "10:00:00", "2026-03-01T09:00:00Z"),
        ("260301 10:00:00 x", "260301 10:00:00", "2026-03-01T09:00:00Z"),
        ("20260301T100000Z x", "20260301T100000Z", "2026-03-01T10:00:00Z"),
        ("Mar 1, 2026 10:00:00 AM x", "Mar 1, 2026 10:00:00 AM", "2026-03-01T09:00:00Z"),
        ("@40000000699c2c4a2d2f3b1c x", "@40000000699c2c4a2d2f3b1c", "2026-02-23T10:30:34Z"),
    ] {
        assert_eq!(read(line), Some((cut.to_owned(), time.to_owned())), "{line}");
    }
}

#[test]
fn a_date_without_a_year_is_of_the_last_twelve_months() {
    assert_eq!(read("Dec 31 23:59:59 host x").unwrap().1, "2025-12-31T22:59:59Z");
    assert_eq!(read("Mar  2 09:00:00 host x").unwrap().1, "2026-03-02T08:00:00Z", "a clock a little ahead");
    assert_eq!(read("Feb 29 09:00:00 host x").unwrap().1, "2024-02-29T08:00:00Z");
    assert_eq!(read("23:59:59 x").unwrap().1, "2026-02-28T22:59:59Z");
}

#[test]
fn what_is_no_date_is_left_in_the_line() {
    assert_eq!(read("2026-03/01 10:00:00 x").map(|(cut, _)| cut), None);
    assert_eq!(read("no date at all"), None);
    assert_eq!(read("Feb 31 10:00:00 x"), None);
}
