//! The tools of these tests, tried on a page that is known.

use std::time::Duration;

use palisade_e2e::{Browser, Width};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const GOOD: &str = "data:text/html,<!doctype html><html lang=en><title>Good</title><meta name=viewport \
                    content='width=device-width'><main><h1>Good</h1><label for=n>Name</label><input id=n></main>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_page_passes_the_look_and_its_fields_are_found_by_label() {
    let browser = Browser::open("https://localhost", Width::Phone).await;
    browser.go(GOOD).await;
    browser.expect_heading("Good").await;
    browser.fill("Name", "Erin").await;
    assert_eq!(browser.value("Name").await, "Erin");
    browser.look("support-good").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "label: Form elements must have labels")]
async fn a_page_that_shuts_people_out_is_seen() {
    let browser = Browser::open("https://localhost", Width::Desktop).await;
    browser.go(&GOOD.replace("for=n", "for=m")).await;
    browser.look("support-unlabelled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "pixels wider than the screen")]
async fn a_page_that_sticks_out_sideways_is_seen() {
    let browser = Browser::open("https://localhost", Width::Phone).await;
    browser.go(&GOOD.replace("<main>", "<main><p style='width:900px'>wide</p>")).await;
    browser.look("support-wide").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "console: \"SEVERE\"")]
async fn a_word_from_the_console_is_heard() {
    let browser = Browser::open("https://localhost", Width::Desktop).await;
    browser.go(&GOOD.replace("<main>", "<main><script>console.error('no')</script>")).await;
    browser.look("support-noisy").await;
}

/// Who goes on right after pressing a button has waited for what the button does, however slow the server is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_sent_and_answered_before_one_goes_on() {
    for width in [Width::Desktop, Width::Phone] {
        let browser = Browser::open(&slow_site().await, width).await;
        browser.go("/").await;
        browser.press("Stay").await;
        assert_eq!(browser.path().await, "/");
        browser.press("Save").await;
        let shown = browser.describe().await;
        assert!(shown.ends_with("/saved is shown, headed \"Saved\":\nSaved\nStay\nSave"), "{shown}");
    }
}

/// A site with a form to `/saved`, which it answers late.
async fn slow_site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_late(stream));
        }
    });
    url
}

async fn answer_late(mut stream: TcpStream) {
    let mut head = vec![0; 4096];
    let length = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]);
    let sent = head.starts_with("POST /saved ");
    if sent {
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    let heading = if sent { "Saved" } else { "Form" };
    let page = format!(
        "<!doctype html><title>{heading}</title><meta name=viewport content='width=device-width'><h1>{heading}</h1>\
         <button type=button>Stay</button><form method=post action=/saved><button>Save</button></form>"
    );
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{page}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}
