//! The made-up company: the same for the same seed, and believable for any.

use std::collections::HashSet;

use palisade_base::Date;
use palisade_kpi::demo::{Company, DemoRole};
use palisade_records::directory::NewPerson;
use proptest::prelude::*;

const TODAY: Date = Date::constant(2026, 11, 21);

#[test]
fn one_seed_makes_one_company() {
    assert_eq!(Company::generate(42, TODAY), Company::generate(42, TODAY));
    assert_ne!(Company::generate(42, TODAY), Company::generate(43, TODAY));
}

#[test]
fn it_has_six_teams_and_about_forty_people_of_three_roles() {
    let company = Company::generate(1, TODAY);
    let with = |role| company.people.iter().filter(|person| person.role == role).count();
    assert_eq!((with(DemoRole::Admin), with(DemoRole::Manager), with(DemoRole::Employee)), (1, 6, 34));
    assert_eq!(company.teams.len(), 6);
    assert_eq!(company.present().count(), 37, "four have left");
    for tier in 1..=5 {
        assert!(company.people.iter().filter_map(|p| p.employment.as_ref()).any(|work| work.tier == tier), "{tier}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_seed_is_believable(seed in any::<u64>()) {
        let company = Company::generate(seed, TODAY);
        let unique = |values: Vec<&str>| values.iter().collect::<HashSet<_>>().len() == values.len();
        prop_assert!(unique(company.people.iter().map(|p| p.user_name.as_str()).collect()));
        prop_assert!(unique(company.people.iter().map(|p| p.email.as_str()).collect()));
        prop_assert!(unique(company.people.iter().map(|p| p.phone.as_str()).collect()));
        prop_assert!(unique(company.people.iter().filter_map(|p| p.employment.as_ref()).map(|w| w.number.as_str()).collect()));

        for (at, team) in company.teams.iter().enumerate() {
            let manager = &company.people[team.manager];
            prop_assert_eq!(manager.role, DemoRole::Manager);
            let work = manager.employment.as_ref().unwrap();
            prop_assert!(work.team == at && work.tier >= 4 && !work.has_left);
            let members = company.present().filter(|(_, p)| p.employment.as_ref().is_some_and(|w| w.team == at)).count();
            prop_assert!((5..=7).contains(&members));
        }
        for person in &company.people {
            prop_assert!(NewPerson::parse(person.given_name, person.family_name, &person.email, &person.phone).is_ok());
            prop_assert!(person.email.ends_with(".example") && person.phone.starts_with("(303) 555-01"));
            prop_assert!(person.user_name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.'));
            if let Some(work) = &person.employment {
                let days = (TODAY - work.hired).get_days();
                prop_assert!((14..18 * 365).contains(&days), "{} days", days);
                prop_assert!(work.hired.weekday().to_monday_one_offset() <= 5);
                let (fewest, most) = [(0, 1), (1, 4), (2, 8), (4, 12), (7, 16)][usize::from(work.tier) - 1];
                prop_assert!(days >= fewest * 365 && days <= (most + 1) * 365 + 2);
            }
        }
    }
}
