//! The tools of these tests, tried on a page that is known.

use palisade_e2e::{Browser, Width};

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
