//! The made-up company: the same for the same seed, and believable for any.

use std::collections::HashSet;

use palisade_base::Date;
use palisade_kpi::{
    catalogue::Catalogue,
    demo::{Company, DemoEvaluation, DemoRole, Story},
};
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

fn mean(evaluation: &DemoEvaluation) -> f64 {
    let sum: u32 = evaluation.skills.iter().map(|(_, _, rating)| u32::from(*rating)).sum();
    f64::from(sum) / evaluation.skills.len() as f64
}

/// The evaluations about somebody, by themselves or by their manager, oldest first.
fn about(history: &[DemoEvaluation], place: usize, by_self: bool) -> Vec<&DemoEvaluation> {
    history.iter().filter(|one| one.subject == place && (one.evaluator == place) == by_self).collect()
}

fn told(company: &Company, story: Story) -> usize {
    (0..company.people.len()).find(|place| company.story(*place) == Some(story)).unwrap()
}

#[test]
fn eight_quarters_tell_believable_stories() {
    let (company, catalogue) = (Company::generate(7, TODAY), Catalogue::company().unwrap());
    let history = company.history(&catalogue, TODAY);
    assert_eq!(history, company.history(&catalogue, TODAY));
    assert!((400..700).contains(&history.len()), "{}", history.len());
    let gain = |story| {
        let by_manager = about(&history, told(&company, story), false);
        mean(by_manager[by_manager.len() - 1]) - mean(by_manager[0])
    };
    assert!(gain(Story::Growth) > 0.4, "{}", gain(Story::Growth));
    assert!(gain(Story::Plateau).abs() < 0.15, "{}", gain(Story::Plateau));
    let disagreement = |story| {
        let place = told(&company, story);
        let (own, by_manager) = (about(&history, place, true), about(&history, place, false));
        mean(own[own.len() - 1]) - mean(by_manager[by_manager.len() - 1])
    };
    assert!(disagreement(Story::Overrates) > 0.5, "{}", disagreement(Story::Overrates));
    assert!(disagreement(Story::Underrates) < -0.4, "{}", disagreement(Story::Underrates));
    assert!(about(&history, told(&company, Story::Never), false).is_empty());
    let overdue = about(&history, told(&company, Story::Overdue), false);
    assert!(overdue.last().is_none_or(|last| (TODAY - last.on).get_days() > 180));
    let left = about(&history, told(&company, Story::Left), false);
    assert!(left.iter().all(|one| (TODAY - one.on).get_days() > 300));
    let waiting = history.iter().filter(|one| one.reviewed.is_none()).count();
    assert!(waiting >= 3, "{waiting} wait for their review");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_history_is_one_that_could_be_recorded(seed in any::<u64>()) {
        let (company, catalogue) = (Company::generate(seed, TODAY), Catalogue::company().unwrap());
        let history = company.history(&catalogue, TODAY);
        let mut seen = HashSet::new();
        for one in &history {
            prop_assert!(seen.insert((one.subject, one.evaluator, one.on)), "one a day");
            let work = company.people[one.subject].employment.as_ref().unwrap();
            prop_assert!(one.on <= TODAY && one.on >= work.hired);
            prop_assert!((60..=110).contains(&one.skills.len()), "{} skills", one.skills.len());
            prop_assert!(one.skills.iter().all(|(_, _, rating)| (1..=5).contains(rating)));
            prop_assert!(one.skills.iter().all(|(c, s, _)| *s < catalogue.categories[*c].skills.len()));
            if let Some((by, on)) = one.reviewed {
                prop_assert!(by != one.evaluator && by != one.subject && on >= one.on && on <= TODAY);
            }
        }
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
