//! Brute force from outside: where it ends, and for whom it does not.

use palisade_testkit::{CLIENT, OTHER_CLIENT};

use crate::wire::{COMPANY, Host, PORT};

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
