//! Names of time zones as logs abbreviate them, and offsets.

/// Minutes east of Greenwich. An abbreviation is a fixed offset; which one, where several places use it, is fail2ban's
/// choice.
const ZONES: [(i32, &str); 33] = [
    (0, "Z UTC GMT WET WT EGST"),
    (60, "A CET DFT WAT WEDT WEST"),
    (120, "B CAT CEDT CEST EET SAST WAST"),
    (180, "C EAT EEDT EEST IDT MSK"),
    (240, "D AMT AZT GET GST KUYT MSD MUT RET SAMT SCT"),
    (300, "E AMST AQTT AZST HMT MAWT MVT PKT TFT TJT TMT UZT YEKT"),
    (360, "F ALMT BIOT BTT IOT KGT NOVT OMST YEKST"),
    (420, "G CXT DAVT HOVT ICT KRAT NOVST OMSST THA WIB"),
    (480, "H ACT AWST BDT BNT CAST HKT IRKT KRAST MYT PHT SGT ULAT WITA WST"),
    (540, "I AWDT IRKST JST KST PWT TLT WDT WIT YAKT"),
    (600, "K AEST PGT VLAT YAKST YAPT"),
    (660, "L AEDT LHDT MAGT NCT PONT SBT VLAST VUT"),
    (720, "M ANAST ANAT FJT GILT MAGST MHT NZST PETST PETT TVT WFT"),
    (780, "FJST NZDT"),
    (690, "NFT"),
    (630, "ACDT LHST"),
    (570, "ACST"),
    (390, "CCT MMT"),
    (345, "NPT"),
    (330, "SLT"),
    (270, "AFT IRDT"),
    (210, "IRST"),
    (-60, "N AZOT CVT EGT"),
    (-120, "O BRST FNT PMDT UYST WGST"),
    (-150, "HAT NDT"),
    (-180, "P ADT ART BRT CLST FKST GFT HAA PMST PYST SRT UYT WGT"),
    (-210, "HNT NST NT"),
    (-240, "Q AST BOT CLT COST EDT FKT GYT HAE HNA PYT"),
    (-300, "R CDT COT EASST ECT EST ET HAC HNE PET"),
    (-360, "S CST EAST GALT HAR HNC MDT"),
    (-420, "T HAP HNR MST PDT"),
    (-480, "U AKDT CIST HAY HNP PST PT"),
    (-540, "V AKST GAMT GIT HADT HNY"),
];

/// `Z`, `CEST`, `+0200`, `-03:30`, `UTC+01`.
pub(super) fn offset_minutes(text: &str) -> Option<i32> {
    let split = text.find(['+', '-']).unwrap_or(text.len());
    let (name, offset) = text.split_at(split);
    let name = name.to_ascii_uppercase();
    let base = match name.is_empty() {
        true => 0,
        false => ZONES.iter().find(|(_, names)| names.split(' ').any(|known| known == name))?.0,
    };
    if offset.is_empty() {
        return Some(base);
    }
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |minutes| minutes.parse().ok())?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some(base + sign * (hours * 60 + minutes))
}
