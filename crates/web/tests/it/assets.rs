use palisade_web::{Routes, assets};

use crate::harness::{Site, Who};

fn site() -> Site {
    Site::new(Routes::new(()).merge(assets::routes()), Who::Nobody)
}

#[tokio::test]
async fn files_have_their_type_and_are_kept_for_good() {
    for (name, kind) in [
        ("palisade.css", "text/css; charset=utf-8"),
        ("bare.css", "text/css; charset=utf-8"),
        ("icons.svg", "image/svg+xml"),
        ("favicon.svg", "image/svg+xml"),
        ("rows.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = site().get(assets::path(name)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{name}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn only_the_present_name_of_a_file_is_found() {
    for path in
        ["/assets/palisade.css", "/assets/palisade.0000000000000000.css", "/assets/..%2fCargo.toml", "/assets/missing"]
    {
        assert_eq!(site().get(path).await.status, 404, "{path}");
    }
    assert_eq!(site().get("/favicon.ico").await.header("location"), assets::path("favicon.svg"));
}

#[tokio::test]
async fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for name in ["palisade.css", "rows.js", "copy.js", "keys.js", "leave.js", "wizard.js", "icons.svg"] {
        let body = site().get(assets::path(name)).await.body;
        assert!(!body.is_empty(), "{name}");
        let links = body.replace("http://www.w3.org/2000/svg", "");
        assert!(!links.contains("http://") && !links.contains("https://") && !links.contains("@import"), "{name}");
        assert!(!body.contains("eval(") && !body.contains("innerHTML"), "{name}");
    }
}

#[tokio::test]
async fn every_icon_is_in_the_sprite() {
    let sprite = site().get(assets::path("icons.svg")).await.body;
    for icon in palisade_web::Icon::ALL {
        assert!(sprite.contains(&format!("id=\"{}\"", icon.name())), "{icon:?}");
    }
}
