//! The figures, computed by hand.

use jiff::civil::date;
use palisade_base::{PersonId, RecordId};
use palisade_kpi::{
    scoring::{
        CatalogueView, Group, Item, Share, category_scores, group_overall, group_scores, highest, lowest, overall,
        overall_difference, self_overall, skill_means, skills_at, tier_distribution, tool_scores, tool_total,
    },
    standing::{CurrentSkill, CurrentTool, Member, Source, Standing},
};
use uuid::Uuid;

const fn id(number: u128) -> RecordId {
    RecordId(Uuid::from_u128(number))
}

/// Electric: 11 Outlets, 12 Switches, 13 Panels; Plumbing: 21 Traps, 22 Valves; Roofing: 31 Gutters.
/// Tools: 41 Meter, 42 Tester; General: 51 Ladder, 52 Tape, 53 Drill.
fn catalogue() -> CatalogueView {
    let group = |number: u128, name: &str, items: &[(u128, &str)]| Group {
        id: id(number),
        name: name.into(),
        items: items.iter().map(|(number, name)| Item { id: id(*number), name: (*name).into() }).collect(),
    };
    CatalogueView::new(
        vec![
            group(1, "Electric", &[(11, "Outlets"), (12, "Switches"), (13, "Panels")]),
            group(2, "Plumbing", &[(21, "Traps"), (22, "Valves")]),
            group(3, "Roofing", &[(31, "Gutters")]),
        ],
        vec![
            group(4, "Electric", &[(41, "Meter"), (42, "Tester")]),
            group(5, "General tools", &[(51, "Ladder"), (52, "Tape"), (53, "Drill")]),
        ],
    )
}

/// Skill, rating, source, own rating.
fn standing(skills: &[(u128, u8, Source, Option<u8>)]) -> Standing {
    let skill = |(skill, rating, source, self_rating): &(u128, u8, Source, Option<u8>)| CurrentSkill {
        skill: id(*skill),
        rating: *rating,
        source: *source,
        rated_on: date(2026, 5, 4),
        self_rating: *self_rating,
    };
    Standing { skills: skills.iter().map(skill).collect(), ..Standing::empty(id(900)) }
}

/// 99 is a skill that is out of use.
fn lena() -> Standing {
    standing(&[
        (11, 4, Source::Reviewed, Some(5)),
        (12, 3, Source::Manager, None),
        (13, 3, Source::SelfRated, Some(3)),
        (21, 5, Source::Reviewed, Some(4)),
        (99, 1, Source::Reviewed, Some(1)),
    ])
}

#[test]
fn a_categorys_score_is_the_mean_of_its_current_ratings_with_its_coverage_beside_it() {
    let scores = category_scores(&catalogue(), &lena());
    let electric = scores[0];
    // (4 + 3 + 3) / 3
    assert_eq!(electric.mean.unwrap().two_decimals(), "3.33");
    assert_eq!((electric.rated, electric.total, electric.unverified), (3, 3, 1));
    // By managers: (4 + 3) / 2; by herself: (5 + 3) / 2; both have rated 11 alone: 5 − 4.
    assert_eq!(electric.manager_mean.unwrap().two_decimals(), "3.50");
    assert_eq!((electric.self_mean.unwrap().two_decimals(), electric.self_rated), ("4.00".to_owned(), 2));
    assert_eq!((electric.difference.unwrap().to_string(), electric.rated_by_both), ("+1.0".to_owned(), 1));
    assert_eq!((scores[1].mean.unwrap().to_string(), scores[1].coverage().percent()), ("5.0".to_owned(), Some(50)));
    assert_eq!(scores[1].difference.unwrap().to_string(), "−1.0");
    // Nothing is rated on roofs: blank, and no zero.
    assert_eq!((scores[2].mean, scores[2].self_mean, scores[2].coverage()), (None, None, Share { part: 0, whole: 1 }));
}

#[test]
fn the_overall_score_is_the_mean_of_the_category_scores_that_there_are() {
    let scores = category_scores(&catalogue(), &lena());
    // (3.3333 + 5.0000) / 2 = 4.16665
    assert_eq!(overall(&scores).unwrap().two_decimals(), "4.17");
    assert_eq!(self_overall(&scores).unwrap().two_decimals(), "4.00");
    assert_eq!(overall_difference(&scores).unwrap().to_string(), "0.0");
    assert_eq!(overall(&category_scores(&catalogue(), &standing(&[]))), None);
}

#[test]
fn a_share_of_skills_counts_what_is_unrated_as_not_reached() {
    let (catalogue, lena) = (catalogue(), lena());
    assert_eq!(skills_at(&catalogue, &lena, None, 4), Share { part: 2, whole: 6 });
    assert_eq!(skills_at(&catalogue, &lena, Some(id(1)), 3), Share { part: 3, whole: 3 });
    assert_eq!(skills_at(&catalogue, &lena, Some(id(3)), 1), Share { part: 0, whole: 1 });
    assert_eq!(skills_at(&catalogue, &lena, Some(id(77)), 1), Share::default());
}

#[test]
fn the_best_and_the_weakest_stand_in_the_order_of_the_catalogue_where_they_are_equal() {
    let catalogue = catalogue();
    let means = skill_means(&catalogue, [&lena()]);
    let ids = |means: Vec<palisade_kpi::scoring::SkillMean>| means.iter().map(|mean| mean.skill).collect::<Vec<_>>();
    assert_eq!(ids(highest(&means, 3)), [id(21), id(11), id(12)]);
    assert_eq!(ids(lowest(&means, 3)), [id(12), id(13), id(11)]);
    assert_eq!(highest(&means, 9).len(), 4, "what is unrated is neither");
    let both = skill_means(&catalogue, [&lena(), &standing(&[(12, 4, Source::Manager, None)])]);
    assert_eq!((both[1].mean.to_string(), both[1].people), ("3.5".to_owned(), 2));
}

#[test]
fn tools_are_told_of_those_answered_and_of_all() {
    let tool = |tool: u128, can_operate, truck_stock| CurrentTool {
        tool: id(tool),
        can_operate,
        truck_stock,
        source: Source::Reviewed,
        rated_on: date(2026, 5, 4),
    };
    let tools = vec![
        tool(41, Some(true), true),
        tool(51, Some(true), false),
        tool(52, Some(false), true),
        tool(53, None, true),
        tool(99, Some(true), true),
    ];
    let scores = tool_scores(&catalogue(), &Standing { tools, ..Standing::empty(id(900)) });
    let general = scores[1].figures;
    assert_eq!((general.operable, general.answered, general.stocked, general.total), (1, 2, 2, 3));
    assert_eq!((general.operable_of_answered().percent(), general.operable_of_all().percent()), (Some(50), Some(33)));
    let total = tool_total(&scores);
    assert_eq!((total.operable, total.answered, total.stocked, total.total), (2, 3, 3, 5));
    assert_eq!(total.stocked_of_all().percent(), Some(60));
}

#[test]
fn a_group_is_the_mean_of_its_people_and_not_of_their_ratings() {
    let catalogue = catalogue();
    let other = standing(&[(11, 1, Source::Reviewed, None)]);
    let people = [category_scores(&catalogue, &lena()), category_scores(&catalogue, &other)];
    let groups = group_scores(&catalogue, &people);
    // Electric: (3.3333 + 1.0000) / 2 = 2.16665; Plumbing: hers alone.
    assert_eq!((groups[0].mean.unwrap().two_decimals(), groups[0].people, groups[0].rated), ("2.17".to_owned(), 2, 4));
    assert_eq!((groups[1].mean.unwrap().to_string(), groups[1].people), ("5.0".to_owned(), 1));
    assert_eq!(groups[2].mean, None);
    // (4.1667 + 1.0000) / 2 = 2.58335
    assert_eq!(group_overall(&people).unwrap().two_decimals(), "2.58");
}

#[test]
fn people_are_counted_by_tier_and_a_tier_without_anybody_is_told() {
    let member = |tier: u128| Member {
        employee: id(900),
        person: PersonId(Uuid::from_u128(901)),
        name: "Lena Lead".into(),
        tier: id(tier),
        tier_number: 1,
        tier_name: String::new(),
        team: None,
        team_name: None,
        standing: Standing::empty(id(900)).into(),
    };
    let members = [member(71), member(73), member(71)];
    assert_eq!(tier_distribution(&members, &[id(71), id(72), id(73)]), [(id(71), 2), (id(72), 0), (id(73), 1)]);
}
