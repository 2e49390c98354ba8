//! Brute force from outside: where it ends, and for whom it does not.

use palisade_e2e::{Answer, Client, Palisade, TotpSecret};
use palisade_testkit::{CLIENT, OTHER_CLIENT};
use serde_json::Value;

use crate::wire::{COMPANY, Host, PORT};

const BANS: &str = "/admin/security/bans";

/// covers T5.2, T5.4 (part)
#[test]
fn five_wrong_sign_ins_end_at_the_gate_and_then_in_the_kernel() {
    let mut host = Host::start("");
    let tries: Vec<Option<u16>> = (0..5).map(|_| host.sign_in_wrongly(CLIENT)).collect();
    assert_eq!(tries, [Some(401); 5], "{}", host.log("server.log"));
    let sixth = host.get(CLIENT).expect("nobody drops packets yet");
    assert!(sixth.status == 403 && sixth.text.contains("Too many tries"), "{sixth:?}");
    assert!(host.serves(OTHER_CLIENT), "its neighbour is served");
    let status = host.command(&["status"]);
    assert!(status.contains("no helper answers on"), "{status}");

    host.start_helper();
    host.until("the kernel to drop it", |host| !host.namespaces.can_connect(CLIENT, PORT));
    assert!(host.serves(OTHER_CLIENT));
    host.until("the status to say so", |host| host.command(&["status"]).contains("1 networks dropped at ports 443"));
    let trail = host.command(&["trail", "search", "--action", "helper", "--json"]);
    assert!(trail.contains("helper.replace_bans") && trail.contains("job:helper"), "{trail}");

    // Neither restart opens the way.
    host.stop_helper();
    host.stop_server();
    host.start_server();
    assert!(!host.namespaces.can_connect(CLIENT, PORT), "{}", host.namespaces.rules());
    host.start_helper();
    host.until("the helper's return", |host| host.command(&["status"]).contains("1 networks dropped"));
    assert!(!host.namespaces.can_connect(CLIENT, PORT) && host.serves(OTHER_CLIENT));
}

/// covers T13.2, T5.4 (part)
#[test]
fn who_is_shut_out_by_hand_meets_the_ban_page_and_then_nothing_at_all() {
    let mut host = Host::start("");
    assert!(host.serves(CLIENT) && host.serves(OTHER_CLIENT) && host.serves(COMPANY));
    let said = host.command(&["ban", "add", CLIENT, "--for", "1h", "--reason", "looks around"]);
    assert!(said.contains("is shut out"), "{said}");
    let next = host.get(CLIENT).expect("there is no helper, so packets arrive");
    assert!(next.status == 403 && next.text.contains("have shut out your network address"), "{next:?}");
    assert!(!next.text.contains("looks around"), "the reason is for those who may see it");
    assert!(host.serves(OTHER_CLIENT));

    // In the kernel as well, where the helper runs: at once, and a network like an address.
    host.start_helper();
    host.until("the kernel to drop it", |host| !host.namespaces.can_connect(CLIENT, PORT));
    let network = format!("{OTHER_CLIENT}/32");
    assert!(host.command(&["ban", "add", &network, "--until-lifted"]).contains("until it is lifted"));
    host.until("the kernel to drop it too", |host| !host.namespaces.can_connect(OTHER_CLIENT, PORT));
    assert!(host.command(&["ban", "add", COMPANY]).contains("company network"), "never by mistake");
    assert!(host.serves(COMPANY));
    let list = host.command(&["ban", "list"]);
    assert!(list.contains(CLIENT) && list.contains(OTHER_CLIENT) && list.contains("looks around"), "{list}");

    // Neither restart lets them in; whoever is let in again is served.
    host.stop_server();
    host.start_server();
    assert!(!host.namespaces.can_connect(CLIENT, PORT), "{}", host.namespaces.rules());
    assert!(host.command(&["ban", "remove", CLIENT]).contains("may come in again"));
    host.until("it to be served again", |host| host.serves(CLIENT));
    assert!(!host.namespaces.can_connect(OTHER_CLIENT, PORT));
    let status = host.command(&["jail", "status"]);
    assert!(status.contains("sign-in"), "{status}");
}

/// covers T5.4 (part)
#[test]
fn a_company_network_is_never_banned_while_another_client_is() {
    let mut host = Host::start("");
    host.start_helper();
    host.until("the helper", |host| host.command(&["status"]).contains("0 networks dropped"));
    let tries: Vec<u16> = (0..8).map(|_| host.sign_in_wrongly(COMPANY).expect("a company is not dropped")).collect();
    assert!(tries.iter().all(|status| [401, 429].contains(status)), "{tries:?}");
    assert_eq!(tries[..5], [401; 5], "{tries:?}");
    assert!(host.serves(COMPANY), "a depot does not lose its day");
    // The other client is banned meanwhile, so bans do reach the kernel.
    (0..5).for_each(|_| assert_eq!(host.sign_in_wrongly(OTHER_CLIENT), Some(401)));
    host.until("the kernel to drop it", |host| !host.namespaces.can_connect(OTHER_CLIENT, PORT));
    let rules = host.namespaces.rules();
    assert!(host.serves(COMPANY) && !rules.contains(COMPANY), "{rules}");
    assert!(host.serves(CLIENT));
}

/// The administrator at the pages, from the client's end of the wire and from its first address, [`CLIENT`].
struct Administrator {
    client: Client,
    secret: TotpSecret,
}

impl Administrator {
    /// Comes by the account's one-time link.
    fn sign_in(host: &Host, company: &Palisade) -> Self {
        let account = company.account("Admin");
        let path = &account.link[account.link.find("/sign-in/").unwrap()..];
        let client = Client::stranger(company);
        let entered = host.at_client(async || client.post_form(path, path, &[]).await);
        assert_eq!(entered.status, 303, "{}", entered.text);
        Self { client, secret: TotpSecret::new(&account.totp_secret) }
    }

    /// What a page shows.
    fn sees(&self, host: &Host, path: &str) -> String {
        let page = host.at_client(async || self.client.get(path).await);
        assert_eq!(page.status, 200, "{}", page.text);
        page.text
    }

    fn bans(&self, host: &Host, network: &str, reason: &str) -> Answer {
        let path = format!("{BANS}/new");
        host.at_client(async || {
            let proof = self.secret.next_code().await;
            let fields = [("network", network), ("length", "1d"), ("reason", reason), ("proof", &proof)];
            self.client.post_form(&path, &path, &fields).await
        })
    }

    fn lifts(&self, host: &Host, network: &str) {
        let path = format!("{BANS}/lift");
        let done = host.at_client(async || self.client.post_form(BANS, &path, &[("network", network)]).await);
        assert_eq!((done.status, done.header("location")), (303, BANS), "{}", done.text);
    }
}

/// What a command lists, as JSON.
fn listed(host: &Host, command: &[&str]) -> Vec<Value> {
    let said = host.command(&[command, &["--json"]].concat());
    said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {said}"))).collect()
}

/// The bans that the command tells of, as network, jail and reason.
fn bans(host: &Host, which: &[&str]) -> Vec<String> {
    let rows = listed(host, &[&["ban", "list"], which].concat());
    let text =
        |row: &Value| ["network", "jail", "reason"].map(|name| row[name].as_str().unwrap_or_default().to_owned());
    rows.iter().filter(|row| row["network"].is_string()).map(|row| text(row).join(" ")).collect()
}

fn is_dropped(host: &Host) -> bool {
    !host.namespaces.can_connect(OTHER_CLIENT, PORT)
}

fn is_let_in(host: &Host) -> bool {
    !is_dropped(host) && host.serves(OTHER_CLIENT)
}

/// Page, command and kernel say and do the same, whichever of them began.
///
/// covers T5.4
#[test]
fn what_page_command_or_jail_ban_and_lift_holds_in_the_kernel_over_restarts_and_to_its_end() {
    let allowed = format!("[limits]\nallow_list = [\"{CLIENT}/32\"]\n");
    let (mut host, company) = Host::start_with_company(&allowed);
    host.start_helper();
    host.until("the helper", |host| host.command(&["status"]).contains("0 networks dropped"));
    let admin = Administrator::sign_in(&host, &company);
    a_jail_bans(&host, &admin);
    page_and_command_ban_and_lift(&host, &admin);
    who_is_exempt_is_banned_by_neither(&host, &admin);

    // Not even the kernel remembers it; the database does.
    host.stop_helper();
    host.stop_server();
    assert!(host.namespaces.host_command("nft").args(["flush", "ruleset"]).status().unwrap().success());
    host.start_server();
    host.start_helper();
    host.until("the kernel to drop it after the restart", is_dropped);
    assert_eq!(bans(&host, &[]), [format!("{OTHER_CLIENT} manual scans")]);
    assert!(host.serves(CLIENT));
    a_ban_ends(&host, &admin);
}

/// And who is on the allow-list does the same without harm.
fn a_jail_bans(host: &Host, admin: &Administrator) {
    (0..5).for_each(|_| assert_eq!(host.sign_in_wrongly(OTHER_CLIENT), Some(401)));
    (0..8).for_each(|_| assert_eq!(host.sign_in_wrongly(CLIENT), Some(401)));
    host.until("the kernel to drop what the jail banned", is_dropped);
    let rules = host.namespaces.rules();
    assert!(host.serves(CLIENT) && rules.contains(OTHER_CLIENT) && !rules.contains(CLIENT), "{rules}");
    let jails = listed(host, &["jail", "status", "sign-in"]);
    assert_eq!((&jails[0]["name"], &jails[0]["banned"]), (&"sign-in".into(), &1.into()), "{jails:?}");
    assert_eq!(bans(host, &[]).len(), 1);
    let (list, jails) = (admin.sees(host, BANS), admin.sees(host, &format!("{BANS}/jails")));
    assert!(list.contains(OTHER_CLIENT) && list.contains("Jail sign-in") && !list.contains(CLIENT), "{list}");
    assert!(jails.contains("5 failures in 10 minutes: 1 hour"), "{jails}");
}

fn page_and_command_ban_and_lift(host: &Host, admin: &Administrator) {
    admin.lifts(host, OTHER_CLIENT);
    host.until("the way to be open", is_let_in);
    assert!(bans(host, &[]).is_empty());
    let banned = host.command(&["ban", "add", OTHER_CLIENT, "--for", "1h", "--reason", "looks around"]);
    assert!(banned.contains("is shut out until"), "{banned}");
    host.until("the kernel to drop what the command banned", is_dropped);
    assert!(admin.sees(host, BANS).contains("looks around"));
    assert!(host.command(&["ban", "remove", OTHER_CLIENT]).contains("may come in again"));
    host.until("the way to be open again", is_let_in);
    let banned = admin.bans(host, OTHER_CLIENT, "scans");
    assert_eq!((banned.status, banned.header("location")), (303, BANS), "{}", banned.text);
    host.until("the kernel to drop what the page banned", is_dropped);
    assert_eq!(bans(host, &[]), [format!("{OTHER_CLIENT} manual scans")]);
}

fn who_is_exempt_is_banned_by_neither(host: &Host, admin: &Administrator) {
    let (command, page) = (host.command(&["ban", "add", CLIENT]), admin.bans(host, CLIENT, ""));
    assert!(command.contains("allow") && page.status == 422 && page.text.contains("allow"), "{command} {}", page.text);
    assert!(host.command(&["ban", "add", COMPANY]).contains("company network"));
    assert!(host.serves(CLIENT) && host.serves(COMPANY));
    assert_eq!(bans(host, &["--all"]).iter().filter(|ban| !ban.contains(OTHER_CLIENT)).count(), 0);
}

/// What is over is over for page, command and kernel.
fn a_ban_ends(host: &Host, admin: &Administrator) {
    admin.lifts(host, OTHER_CLIENT);
    let banned = host.command(&["ban", "add", OTHER_CLIENT, "--for", "3s", "--reason", "brief"]);
    assert!(banned.contains("is shut out until"), "{banned}");
    host.until("its end", is_let_in);
    assert!(!host.namespaces.rules().contains(OTHER_CLIENT), "{}", host.namespaces.rules());
    assert!(bans(host, &[]).is_empty());
    assert!(bans(host, &["--over"]).contains(&format!("{OTHER_CLIENT} manual brief")));
    assert!(admin.sees(host, BANS).contains("Nobody is shut out."));
    assert!(admin.sees(host, &format!("{BANS}?state=over")).contains("brief"));
}
