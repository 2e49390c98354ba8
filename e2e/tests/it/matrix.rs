//! Who comes through which door: every route, every role, tried on the running program and compared with `matrix.tsv`.

use std::collections::{BTreeMap, BTreeSet};

use palisade_e2e::{Account, Answer, Client, Palisade, TotpSecret};
use reqwest::Method;
use serde_json::Value;

const MATRIX: &str = include_str!("../../matrix.tsv");
/// What stands in for a `{token}` or `{file}`, and for an import (which is asked for by the id of something else).
const UNKNOWN: &str = "unknown";

/// Somebody at a door, and whose record they ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Anonymous,
    EmployeeOwn,
    EmployeeStranger,
    ManagerOwn,
    ManagerTeam,
    ManagerStranger,
    Admin,
}

const COLUMNS: [Column; 7] = [
    Column::Anonymous,
    Column::EmployeeOwn,
    Column::EmployeeStranger,
    Column::ManagerOwn,
    Column::ManagerTeam,
    Column::ManagerStranger,
    Column::Admin,
];

/// A row of the matrix.
struct Row<'a> {
    method: Method,
    path: &'a str,
    cells: Vec<(Column, &'a str)>,
}

fn rows() -> Vec<Row<'static>> {
    let lines = MATRIX.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.skip(1).map(read_row).collect()
}

/// The path of each row; one that takes several methods stands there as often.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    rows().into_iter().map(|row| row.path)
}

fn read_row(line: &'static str) -> Row<'static> {
    let parts: Vec<&str> = line.split('\t').collect();
    assert_eq!(parts.len(), 2 + COLUMNS.len(), "{line}");
    let cells = COLUMNS.into_iter().zip(parts[2..].iter().copied()).filter(|(_, cell)| *cell != "-").collect();
    Row { method: parts[0].parse().unwrap(), path: parts[1], cells }
}

/// One role's two ways in.
struct Visitor {
    browser: Client,
    program: Client,
    name: String,
}

impl Visitor {
    async fn new(palisade: &Palisade, account: &Account) -> Self {
        let browser = Client::signed_in(palisade, account).await;
        let key = browser.make_key(&TotpSecret::new(&account.totp_secret)).await;
        let name = displayed_name(&browser.get("/account").await);
        Self { browser, program: Client::with_key(palisade, &key), name }
    }
}

/// The name that the page's frame shows for who is signed in.
fn displayed_name(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("class=\"person\"").expect("the frame names the person");
    let (_, rest) = rest.split_once("<span>").unwrap();
    rest.split('<').next().unwrap().replace("&#39;", "'").replace("&amp;", "&")
}

/// Which record each column asks for, by the noun of the path.
struct Targets(BTreeMap<(&'static str, Column), String>);

impl Targets {
    /// Finds them by what the admin sees.
    async fn find(admin: &Client, admin_pages: &Client, employee: &str, manager: &str) -> Self {
        let (employees, teams) = (list(admin, "employees").await, list(admin, "teams").await);
        let named = |name: &str| {
            let find = employees.iter().find(|row| full_name(row) == name);
            find.unwrap_or_else(|| panic!("{name} is an employee"))
        };
        let (employee, manager) = (named(employee), named(manager));
        let led: BTreeSet<&str> =
            teams.iter().filter(|t| link(t, "manager_id") == link(manager, "person_id")).map(id).collect();
        assert!(!led.is_empty(), "the manager leads a team");
        let in_team = |row: &&Value| link(row, "team_id").is_some_and(|team| led.contains(team));
        let member =
            employees.iter().find(|row| in_team(row) && id(row) != id(manager)).expect("somebody is in the team");
        let own_team = link(employee, "team_id").expect("the employee is in a team");
        let stranger = employees
            .iter()
            .find(|row| {
                !in_team(row)
                    && link(row, "team_id") != Some(own_team)
                    && ![id(employee), id(manager)].contains(&id(row))
            })
            .expect("there are others");
        let other_team =
            teams.iter().find(|team| !led.contains(id(team)) && id(team) != own_team).expect("there are other teams");
        let led = led.first().expect("checked above");
        let mut targets = BTreeMap::new();
        for (column, row, team) in [
            (Column::EmployeeOwn, employee, own_team),
            (Column::EmployeeStranger, stranger, id(other_team)),
            (Column::ManagerOwn, manager, *led),
            (Column::ManagerTeam, member, *led),
            (Column::ManagerStranger, stranger, id(other_team)),
            (Column::Admin, stranger, id(other_team)),
        ] {
            targets.insert(("employees", column), id(row).to_owned());
            targets.insert(("people", column), link(row, "person_id").unwrap().to_owned());
            targets.insert(("teams", column), team.to_owned());
        }
        for (noun, page) in [("users", "/admin/users"), ("roles", "/admin/security/roles")] {
            let first = first_link(&admin_pages.get(page).await, page);
            targets.extend(COLUMNS.map(|column| ((noun, column), first.clone())));
        }
        for noun in ["tiers", "tier-rules", "skill-categories", "skills", "tool-categories", "tools"] {
            let first = id(&list(admin, noun).await[0]).to_owned();
            targets.extend(COLUMNS.map(|column| ((noun, column), first.clone())));
        }
        for (noun, body) in developments(&first_of(&targets, "tools")) {
            for column in COLUMNS.into_iter().filter(|column| *column != Column::Anonymous) {
                let employee = targets[&("employees", column)].clone();
                targets.insert((noun, column), about(admin, noun, &employee, &body).await);
            }
        }
        for column in COLUMNS.into_iter().filter(|column| *column != Column::Anonymous) {
            let employee = targets[&("employees", column)].clone();
            targets.insert(("promotions", column), promotion(admin, admin_pages, &employee).await);
        }
        let skill = first_of(&targets, "skills");
        for column in COLUMNS.into_iter().filter(|column| *column != Column::Anonymous) {
            let employee = targets[&("employees", column)].clone();
            targets.insert(("evaluations", column), completed(admin, &employee, &skill).await);
        }
        Self(targets)
    }

    /// A draft for each column, made on its page: one's own about whom the column speaks of, or the admin's.
    async fn begin_evaluations(&mut self, employee: &Client, manager: &Client, admin: &Client) {
        for (column, author) in [
            (Column::EmployeeOwn, employee),
            (Column::EmployeeStranger, admin),
            (Column::ManagerOwn, manager),
            (Column::ManagerTeam, manager),
            (Column::ManagerStranger, admin),
            (Column::Admin, admin),
        ] {
            let whom = self.0[&("employees", column)].clone();
            let fields = [("employee_id", whom.as_str())];
            let begun = author.post_form("/evaluations/new", "/evaluations/new", &fields).await;
            let id = begun.header("location").split('/').nth(2).unwrap_or_default().to_owned();
            assert_eq!(id.len(), 36, "{column:?}: {}: {}", begun.status, begun.text);
            self.0.insert(("evaluations", column), id);
        }
    }

    fn fill(&self, path: &str, column: Column) -> String {
        let prefixes = ["/api/v1/", "/admin/security/", "/admin/", "/"];
        let rest = prefixes.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or_default();
        let noun = rest.split('/').next().unwrap_or_default();
        // Who is not signed in asks for something that there is.
        let column = if column == Column::Anonymous { Column::Admin } else { column };
        let mut filled = path.to_owned();
        while let (Some(start), Some(end)) = (filled.find('{'), filled.find('}')) {
            let known = self.0.iter().find(|((n, c), _)| *n == noun && *c == column).map(|(_, id)| id.as_str());
            let known = known.filter(|_| &filled[start..=end] == "{id}");
            filled.replace_range(start..=end, known.unwrap_or(UNKNOWN));
        }
        filled
    }
}

/// The kinds of record that are about an employee, with what the least of each is.
fn developments(tool: &str) -> [(&'static str, Value); 5] {
    [
        ("qualifications", serde_json::json!({ "kind": "certificate", "name": "Matrix" })),
        ("special-skills", serde_json::json!({ "name": "Matrix" })),
        ("custom-tools", serde_json::json!({ "name": "Matrix" })),
        ("goals", serde_json::json!({ "tool_id": tool, "target_date": "2099-12-31" })),
        ("training-requests", serde_json::json!({ "topic": "Matrix" })),
    ]
}

/// A record about this employee, made where there is none of ours yet.
async fn about(admin: &Client, noun: &str, employee: &str, body: &Value) -> String {
    let rows = list(admin, &format!("{noun}?employee_id={employee}&")).await;
    if let Some(known) =
        rows.iter().find(|row| body.as_object().unwrap().iter().all(|(name, value)| row[name] == *value))
    {
        return id(known).to_owned();
    }
    let mut body = body.clone();
    body["employee_id"] = employee.into();
    let path = format!("/api/v1/{noun}");
    let made = admin.send(Method::POST, &path, |request| request.json(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    id(&made.json()["data"]).to_owned()
}

/// A promotion of this employee, decided on where there is none yet.
async fn promotion(admin: &Client, admin_pages: &Client, employee: &str) -> String {
    let known = format!("promotions?employee_id={employee}&");
    if list(admin, &known).await.is_empty() {
        let record = admin.get(&format!("/api/v1/employees/{employee}")).await.json()["data"].clone();
        let from = link(&record, "tier_id").expect("an employee has a tier").to_owned();
        let tiers = list(admin, "tiers").await;
        let to = tiers.iter().map(id).find(|tier| *tier != from).expect("there are others").to_owned();
        let page = format!("/employees/{employee}/promote");
        let fields = [("from", from.as_str()), ("to", to.as_str()), ("reason", "Matrix")];
        let done = admin_pages.post_form(&page, &page, &fields).await;
        assert_eq!(done.status, 303, "{}", done.text);
    }
    id(&list(admin, &known).await[0]).to_owned()
}

/// An evaluation of this employee that the admin has handed in, so that others see it.
async fn completed(admin: &Client, employee: &str, skill: &str) -> String {
    let skills = serde_json::json!([{ "skill_id": skill, "rating": 3 }]);
    let body = serde_json::json!({ "employee_id": employee, "evaluation_date": "2020-01-01", "skills": skills });
    let made = admin.send(Method::POST, "/api/v1/evaluations", |request| request.json(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = id(&made.json()["data"]).to_owned();
    let path = format!("/api/v1/evaluations/{id}/complete");
    let done = admin.send(Method::POST, &path, |request| request).await;
    assert_eq!(done.status, 200, "{}", done.text);
    id
}

fn first_of(targets: &BTreeMap<(&'static str, Column), String>, noun: &'static str) -> String {
    targets[&(noun, Column::Admin)].clone()
}

fn id(row: &Value) -> &str {
    row["id"].as_str().expect("a record has an id")
}

/// The id behind a link, which may be given as the id or as an object with one.
fn link<'a>(row: &'a Value, field: &str) -> Option<&'a str> {
    row[field].as_str().or_else(|| row[field]["id"].as_str())
}

fn full_name(row: &Value) -> String {
    format!("{} {}", row["given_name"].as_str().unwrap_or_default(), row["family_name"].as_str().unwrap_or_default())
}

/// The id in the first link of a page to something below a path.
fn first_link(page: &Answer, path: &str) -> String {
    let start = format!("href=\"{path}/");
    let mut ids = page.text.split(start.as_str()).skip(1).filter_map(|rest| rest.split(['"', '/']).next());
    ids.find(|id| id.len() == 36).unwrap_or_else(|| panic!("{path} lists something: {}", page.text)).to_owned()
}

async fn list(client: &Client, noun: &str) -> Vec<Value> {
    let mark = if noun.contains('?') { "" } else { "?" };
    let answer = client.get(&format!("/api/v1/{noun}{mark}per_page=100")).await;
    answer.json()["data"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).clone()
}

/// Asks at the door with a form or body that is properly signed, and empty but for a version: who
/// is let in changes nothing.
async fn ask(client: &Client, is_signed_in: bool, row: &Row<'_>, path: &str) -> Answer {
    if row.method == Method::GET {
        return client.get(path).await;
    }
    if row.path.ends_with("/marks") {
        let taps = serde_json::json!({});
        return client.post_json(if is_signed_in { "/" } else { "/sign-in" }, path, &taps).await;
    }
    if path.starts_with("/api/") {
        return client
            .send(row.method.clone(), path, |request| request.json(&serde_json::json!({ "version": 1 })))
            .await;
    }
    // The pages behind links are filled in, so that the link itself is looked at.
    let fields: &[(&str, &str)] = match row.path {
        "/sign-in/link/{token}" => &[],
        "/sign-in/reset/{token}" => &[("new_password", "Mat7-rix-and-more"), ("again", "Mat7-rix-and-more")],
        "/set-up/{token}" => &[
            ("given_name", "Mat"),
            ("family_name", "Rix"),
            ("user_name", "mat.rix"),
            ("new_password", "Mat7-rix-and-more"),
            ("again", "Mat7-rix-and-more"),
        ],
        _ => &[("version", "0")],
    };
    client.post_form(if is_signed_in { "/" } else { "/sign-in" }, path, fields).await
}

fn loses_session(answer: &Answer) -> bool {
    let mut cookies = answer.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    cookies.any(|cookie| cookie.starts_with("__Host-palisade=;"))
}

/// What was got, in the words of the matrix.
fn outcome(row: &Row<'_>, answer: &Answer) -> String {
    match answer.status {
        // Who signs out is sent to the same place as who never was in, but loses the cookie there.
        303 if row.path == "/sign-out" && loses_session(answer) => "yes".into(),
        303 if answer.header("location").starts_with("/sign-in?") || answer.header("location") == "/sign-in" => {
            "sign-in".into()
        }
        200 | 303 | 308 => "yes".into(),
        // A form or body that is let in may object to being empty.
        201 | 204 | 400 | 409 | 415 | 422 | 428 if row.method != Method::GET => "yes".into(),
        401 if row.path == "/sign-in" => "yes".into(),
        refused => refused.to_string(),
    }
}

/// covers K2.1, K4.3 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_the_matrix_says_and_nobody_else() {
    let palisade = Palisade::demo();
    let anonymous = Client::stranger(&palisade);
    let employee = Visitor::new(&palisade, palisade.account("Employee")).await;
    let manager = Visitor::new(&palisade, palisade.account("Manager")).await;
    let admin = Visitor::new(&palisade, palisade.account("Admin")).await;
    let mut targets = Targets::find(&admin.program, &admin.browser, &employee.name, &manager.name).await;
    targets.begin_evaluations(&employee.browser, &manager.browser, &admin.browser).await;
    let mut wrong = Vec::new();
    let rows = rows();
    // Refusals first: what is let in afterwards may change what there is to refuse.
    for let_in in [false, true] {
        for row in &rows {
            for (column, wanted) in row.cells.iter().filter(|(_, wanted)| (*wanted == "yes") == let_in) {
                let visitor = match column {
                    Column::Anonymous => None,
                    Column::EmployeeOwn | Column::EmployeeStranger => Some(&employee),
                    Column::ManagerOwn | Column::ManagerTeam | Column::ManagerStranger => Some(&manager),
                    Column::Admin => Some(&admin),
                };
                let by_key = row.path.starts_with("/api/");
                let client = visitor.map_or(&anonymous, |v| if by_key { &v.program } else { &v.browser });
                let path = targets.fill(row.path, *column);
                let answer = ask(client, visitor.is_some(), row, &path).await;
                let got = outcome(row, &answer);
                if got != *wanted {
                    let (method, path, status) = (&row.method, row.path, answer.status);
                    wrong.push(format!("{method} {path} as {column:?}: wanted {wanted}, got {got} ({status})"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} routes:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
/// covers K2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_of_the_program_has_its_row_in_the_matrix() {
    let written: BTreeSet<(String, String)> =
        rows().iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    assert_eq!(written.len(), rows().len(), "a route stands in the matrix twice");
    let folder = tempfile::TempDir::new().unwrap();
    let config = palisade_config::Config::demo("127.0.0.1:0".parse().unwrap(), &folder.path().join("data"));
    let system = palisade_server::System::open(config, palisade_server::real_env()).await.unwrap();
    let routes = palisade_server::routes(&system, true);
    let declared: BTreeSet<(String, String)> =
        routes.list().iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    let missing: Vec<_> = declared.difference(&written).collect();
    let gone: Vec<_> = written.difference(&declared).collect();
    assert!(missing.is_empty() && gone.is_empty(), "without a row: {missing:#?}\nrows without a route: {gone:#?}");
}
