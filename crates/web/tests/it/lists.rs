use axum::extract::Request;
use palisade_web::{
    ListQuery, ListSpec, Order,
    component::{Field, FilterForm},
};

const SPEC: ListSpec = ListSpec {
    sorts: &["name", "hired"],
    default_sort: ("name", Order::Ascending),
    filters: &["q", "team"],
    per_page: 25,
};

fn read(query: &str) -> Result<ListQuery, Vec<String>> {
    let request = Request::get(format!("/people{query}")).body(()).unwrap();
    ListQuery::of(&request.into_parts().0, &SPEC)
        .map_err(|failure| failure.error().fields().iter().map(|e| e.field.to_string()).collect())
}

#[test]
fn a_lists_address_says_what_is_shown() {
    let plain = read("").unwrap();
    assert_eq!((plain.page, plain.per_page, plain.sort, plain.offset()), (1, 25, "name", 0));
    let asked = read("?page=3&per_page=50&sort=hired&order=desc&q=%20Lena%20&team=").unwrap();
    assert_eq!((asked.page, asked.per_page, asked.sort, asked.order), (3, 50, "hired", Order::Descending));
    assert_eq!((asked.offset(), asked.filter("q"), asked.filter("team")), (100, Some("Lena"), None));
    assert_eq!(asked.page_path(4), "/people?q=Lena&sort=hired&order=desc&per_page=50&page=4");
    assert_eq!(asked.sorted_path("hired"), "/people?q=Lena&sort=hired&order=asc&per_page=50");
    assert_eq!(asked.sorted_path("name"), "/people?q=Lena&per_page=50");
    assert_eq!(asked.unfiltered_path(), "/people?sort=hired&order=desc&per_page=50");
    assert_eq!(asked.export_query(), "?q=Lena&sort=hired&order=desc&per_page=50");
}

#[test]
fn hostile_values_stay_values() {
    let query = read("?q=a%26page%3D9%23%22%3E").unwrap();
    assert_eq!(query.filter("q"), Some("a&page=9#\">"));
    assert_eq!(query.page_path(2), "/people?q=a%26page%3D9%23%22%3E&page=2");
}

#[test]
fn what_a_list_does_not_know_is_refused_by_name() {
    for (query, field) in [
        ("?page=0", "page"),
        ("?page=-1", "page"),
        ("?page=1000001", "page"),
        ("?page=99999999999999999999", "page"),
        ("?per_page=101", "per_page"),
        ("?per_page=x", "per_page"),
        ("?sort=password", "sort"),
        ("?order=up", "order"),
        ("?limit=5", "limit"),
        ("?q=1&q=2", "q"),
        ("?q=a%00b", "q"),
    ] {
        assert_eq!(read(query).unwrap_err(), [field], "{query}");
    }
    assert_eq!(read(&format!("?q={}", "x".repeat(201))).unwrap_err(), ["q"]);
}

#[test]
fn a_phone_is_told_how_many_filters_are_set_and_keeps_the_search_in_sight() {
    let form = |query: &str| {
        let fields = [Field::search("q", "Search"), Field::text("team", "Team")];
        FilterForm::new(&read(query).unwrap(), fields).to_string()
    };
    let (plain, set) = (form(""), form("?q=lena&team=north"));
    assert!(plain.contains("<summary>More filters</summary>"), "{plain}");
    assert!(set.contains("<summary>More filters <b>1 set</b></summary>"), "{set}");
    let folded = set.split("<details").nth(1).unwrap();
    assert!(folded.contains("name=\"team\"") && !folded.contains("name=\"q\""), "{folded}");
}
