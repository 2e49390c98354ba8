//! A person at a browser: follows links, fills in fields by their labels, presses buttons by their names, and looks.

use std::{fs, path::PathBuf};

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::{
    palisade::target_dir,
    wait::{in_vain, within_limit},
    webdriver::{Element, Session},
};

/// How wide the person's screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 390 × 844, with touch.
    Phone,
    /// 1280 × 900.
    Desktop,
}

/// A browser with the page that it shows.
pub struct Browser {
    session: Session,
    width: Width,
    base: String,
}

/// The control that a visible label with this text belongs to. The text may be followed by a remark in the label.
const FIND_FIELD: &str = "
    const wanted = arguments[0];
    const text = element => element.textContent.replace(/\\s+/g, ' ').trim();
    const labels = [...document.querySelectorAll('label')].filter(label => label.control && label.getClientRects().length);
    const label = labels.find(label => text(label) === wanted) ?? labels.find(label => text(label).startsWith(wanted));
    return label?.control ?? null;";

/// The visible link, button or disclosure with this text or accessible name.
const FIND_BUTTON: &str = "
    const wanted = arguments[0];
    const text = element => (element.getAttribute('aria-label') ?? element.textContent).replace(/\\s+/g, ' ').trim();
    const all = [...document.querySelectorAll('main a, main button, main summary, a, button, summary')];
    return all.find(element => element.getClientRects().length && text(element) === wanted) ?? null;";

/// Sets a select by the text of an option.
const CHOOSE: &str = "
    const [select, wanted] = arguments;
    const option = [...select.options].find(option => option.text.trim() === wanted);
    if (!option) return false;
    select.value = option.value;
    select.dispatchEvent(new Event('change', { bubbles: true }));
    return true;";

/// Marks the document before one of its elements is clicked, with whether the click is to bring another document. A
/// script of the page's may take it back, as the wizard's does. The mark goes with the document.
const MARK: &str = "
    const element = arguments[0];
    const link = element.closest('a[href]');
    const page = address => address.split('#')[0];
    const follows = link && !link.target && !(link.hash && page(link.href) === page(location.href));
    const form = element.type === 'submit' ? element.form : null;
    const sends = form && (form.noValidate || element.formNoValidate || !form.matches(':invalid'));
    document.testLeaves = Boolean(follows || sends);
    const stays = event => { if (event.defaultPrevented) document.testLeaves = false; };
    for (const kind of ['click', 'submit']) addEventListener(kind, stays);";

/// Whether nothing more comes of the last click: it led nowhere, or the document that it led to is there.
const SETTLED: &str =
    "return document.testLeaves === undefined ? document.readyState === 'complete' : !document.testLeaves";

/// Writes the page at a path into the document. What its headers would do, such as lead on, is not done.
const SHOW_WITHOUT_GOING: &str = "
    return fetch(arguments[0]).then(answer => answer.text()).then(text => {
        document.open();
        document.write(text);
        document.close();
    });";

/// The page in a few words.
const DESCRIBE: &str = "
    const text = (document.body?.innerText ?? '').trim();
    return `${location.href} is shown, headed \"${document.querySelector('h1')?.innerText.trim() ?? ''}\":\n${text.slice(0, 600)}`";

/// Waits until nothing changes by itself any more.
const COME_TO_REST: &str = "
    return Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => {}))).then(() => true);";

/// Every rule of WCAG 2.2 A and AA that axe knows, and its best practices.
const RUN_AXE: &str = "
    return axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(violation =>
        `${violation.id}: ${violation.help}\\n` + violation.nodes.map(node => `    ${node.html}\\n    ${node.failureSummary}`).join('\\n')));";

impl Browser {
    /// Opens a browser for the site at this URL.
    pub async fn open(site: &str, width: Width) -> Self {
        let session = match width {
            Width::Desktop => Session::start((1280, 900), None).await,
            Width::Phone => {
                let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true, "mobile": true });
                Session::start((500, 900), Some(json!({ "deviceMetrics": metrics }))).await
            }
        };
        Self { session, width, base: site.trim_end_matches('/').to_owned() }
    }

    /// Goes to a path of the site, or to a whole address.
    pub async fn go(&self, path: &str) {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        self.session.command("/url", &json!({ "url": url })).await;
    }

    /// The path and query of the page that is shown.
    pub async fn path(&self) -> String {
        self.text_of(self.session.run("return location.pathname + location.search", &[]).await)
    }

    /// The page's text, as a person sees it.
    pub async fn text(&self) -> String {
        self.text_of(self.session.run("return document.body.innerText", &[]).await)
    }

    /// The one main heading.
    pub async fn heading(&self) -> String {
        let headings =
            self.session.run("return [...document.querySelectorAll('h1')].map(h => h.innerText.trim())", &[]).await;
        let headings = headings.as_array().cloned().unwrap_or_default();
        assert_eq!(headings.len(), 1, "a page has one h1, this one has {headings:?}");
        self.text_of(headings[0].clone())
    }

    /// Whether something that fits this CSS selector is there.
    pub async fn has(&self, selector: &str) -> bool {
        self.session.run("return !!document.querySelector(arguments[0])", &[json!(selector)]).await == json!(true)
    }

    /// Whether a link or button of this name is to be seen.
    pub async fn offers(&self, name: &str) -> bool {
        self.session.run_for_element(FIND_BUTTON, &[json!(name)]).await.is_some()
    }

    /// The values that a script gives, as strings.
    pub async fn list(&self, script: &str) -> Vec<String> {
        let list = self.session.run(script, &[]).await;
        list.as_array().into_iter().flatten().map(|item| self.text_of(item.clone())).collect()
    }

    /// Types into the field with this label, over what is there.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        self.session.clear(&field).await;
        self.session.type_into(&field, text).await;
    }

    /// Sets a date field; a browser shows those in its own way, so it is not typed.
    pub async fn fill_date(&self, label: &str, date: &str) {
        let field = self.field(label).await;
        self.session.run("arguments[0].value = arguments[1]", &[Session::argument(&field), json!(date)]).await;
    }

    /// Chooses the option with this text.
    pub async fn choose(&self, label: &str, option: &str) {
        let field = self.field(label).await;
        let chosen = self.session.run(CHOOSE, &[Session::argument(&field), json!(option)]).await;
        assert_eq!(chosen, json!(true), "`{label}` has no option `{option}`");
    }

    /// The value in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        let field = self.field(label).await;
        self.text_of(self.session.run("return arguments[0].value", &[Session::argument(&field)]).await)
    }

    /// Presses the link or button of this name. Where it leads to another page, that one is there afterwards.
    pub async fn press(&self, name: &str) {
        let wanted = json!(name);
        let find = async || self.session.run_for_element(FIND_BUTTON, std::slice::from_ref(&wanted)).await;
        let button = self.until(&format!("a button or link `{name}`"), find).await;
        self.click_on(&button, name).await;
    }

    async fn field(&self, label: &str) -> Element {
        let wanted = json!(label);
        let find = async || self.session.run_for_element(FIND_FIELD, std::slice::from_ref(&wanted)).await;
        self.until(&format!("a field `{label}`"), find).await
    }

    /// Waits until the page has this main heading.
    pub async fn expect_heading(&self, wanted: &str) {
        let script = "return document.querySelector('h1')?.innerText.trim() ?? ''";
        let wanted = json!(wanted);
        let there = async || (self.session.run(script, &[]).await == wanted).then_some(());
        self.until(&format!("the heading {wanted}"), there).await;
    }

    /// Waits until the page shows this text.
    pub async fn expect_text(&self, wanted: &str) {
        self.until(&format!("the text `{wanted}`"), async || self.text().await.contains(wanted).then_some(())).await;
    }

    /// Looks at the page that is shown: a picture of it in light and dark, no word from the console, no way in which
    /// it shuts somebody out, nothing that sticks out sideways.
    ///
    /// # Panics
    /// Something is not right with it.
    pub async fn look(&self, name: &str) {
        self.look_after(name, None).await;
    }

    /// As [`Browser::look`], at a page that was answered with this status, which the browser's console mentions.
    ///
    /// # Panics
    /// Something is not right with it.
    pub async fn look_at_refusal(&self, name: &str, status: u16) {
        self.look_after(name, Some(&format!("status of {status} "))).await;
    }

    /// As [`Browser::look`], at a page that leads on by itself: it is fetched, and shown in the place of what was shown.
    ///
    /// # Panics
    /// Something is not right with it.
    pub async fn look_in_passing(&self, name: &str, path: &str) {
        self.session.run(SHOW_WITHOUT_GOING, &[json!(path)]).await;
        self.expect("the page", "return document.readyState === 'complete' && document.styleSheets.length > 0").await;
        self.look(name).await;
    }

    /// `expected` is what the console may say.
    async fn look_after(&self, name: &str, expected: Option<&str>) {
        let mut wrong = Vec::new();
        for scheme in ["light", "dark"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.devtools("Emulation.setEmulatedMedia", &media).await;
            // What turns from light to dark by and by is neither of them on its way.
            self.session.run(COME_TO_REST, &[]).await;
            self.take_picture(&format!("{name}-{scheme}")).await;
            wrong.extend(self.run_axe().await.into_iter().map(|violation| format!("{scheme}: {violation}")));
        }
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": [] })).await;
        let sideways = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let excess = self.session.run(sideways, &[]).await;
        if excess.as_f64() != Some(0.0) {
            wrong.push(format!("the page is {excess} pixels wider than the screen"));
        }
        wrong.extend(self.console(expected).await);
        assert!(wrong.is_empty(), "{name} ({}):\n{}", self.path().await, wrong.join("\n"));
    }

    /// What the console said since it was last asked, but for what was to be expected.
    async fn console(&self, expected: Option<&str>) -> Vec<String> {
        let log = self.session.command("/se/log", &json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default().into_iter();
        let messages = entries.filter(|entry| entry["level"] != "DEBUG" && entry["level"] != "INFO");
        let messages = messages.map(|entry| format!("console: {}: {}", entry["level"], entry["message"]));
        messages.filter(|message| !expected.as_ref().is_some_and(|expected| message.contains(expected))).collect()
    }

    async fn run_axe(&self) -> Vec<String> {
        let script = format!("{}\n;globalThis.axe = axe;", axe_source());
        self.session.run(&script, &[]).await;
        self.list(RUN_AXE).await
    }

    /// Clicks what fits this CSS selector, as a person would. Where it leads to another page, that one is there afterwards.
    pub async fn click(&self, selector: &str) {
        let wanted = json!(selector);
        let script = "return document.querySelector(arguments[0])";
        let find = async || self.session.run_for_element(script, std::slice::from_ref(&wanted)).await;
        let element = self.until(&format!("`{selector}`"), find).await;
        self.click_on(&element, selector).await;
    }

    /// Clicks, and waits for the page that the click leads to. Chromedriver itself may give an answer before a form is
    /// sent, and going elsewhere then would stop it.
    async fn click_on(&self, element: &Element, name: &str) {
        self.session.run(MARK, &[Session::argument(element)]).await;
        self.session.click(element).await;
        self.expect(&format!("the page that `{name}` leads to"), SETTLED).await;
    }

    /// Presses keys where the focus is; the special ones are those of WebDriver, such as [`ENTER`](Self::ENTER).
    pub async fn keys(&self, keys: &str) {
        for key in keys.chars() {
            let focused = self.session.run_for_element("return document.activeElement", &[]).await;
            let focused = focused.expect("something has the focus");
            self.session.type_into(&focused, &key.to_string()).await;
        }
    }

    /// The Enter key.
    pub const ENTER: &str = "\u{e007}";
    /// The Tab key.
    pub const TAB: &str = "\u{e004}";
    /// The arrow down.
    pub const DOWN: &str = "\u{e015}";
    /// The arrow up.
    pub const UP: &str = "\u{e013}";

    /// Cuts the connection of this browser, or gives it back.
    pub async fn set_offline(&self, offline: bool) {
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.enable", &json!({})).await;
        self.devtools("Network.emulateNetworkConditions", &conditions).await;
    }

    /// Takes every cookie away: the session is over for this browser, and what the page keeps stays.
    pub async fn forget_cookies(&self) {
        self.devtools("Network.clearBrowserCookies", &json!({})).await;
    }

    /// Waits until a script of the test's gives `true`.
    pub async fn expect(&self, what: &str, script: &str) {
        self.until(what, async || (self.session.run(script, &[]).await == json!(true)).then_some(())).await;
    }

    /// Puts the focus on what fits this CSS selector.
    pub async fn focus(&self, selector: &str) {
        self.session.run("document.querySelector(arguments[0]).focus()", &[json!(selector)]).await;
    }

    /// As [`Browser::look`], while the connection is cut: the console tells of every request that failed.
    ///
    /// # Panics
    /// Something is not right with the page.
    pub async fn look_offline(&self, name: &str) {
        self.look_after(name, Some("net::ERR_INTERNET_DISCONNECTED")).await;
    }

    /// Passes over what the console has said so far: a connection that was cut on purpose is no mistake of the page's.
    pub async fn forget_console(&self) {
        self.console(None).await;
    }

    /// Switches the site's scripts off, as a person may.
    pub async fn switch_scripts_off(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true })).await;
    }

    /// As [`until`](crate::until); who waits in vain is told what the browser shows instead.
    async fn until<T>(&self, what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
        match within_limit(ask).await {
            Some(answer) => answer,
            None => panic!("{}; {}", in_vain(what), self.describe().await),
        }
    }

    /// What is shown, for the complaint of a test that expected something else: address, heading, the text's beginning.
    pub async fn describe(&self) -> String {
        self.text_of(self.session.run(DESCRIBE, &[]).await)
    }

    async fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.session.command("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    /// Saves the whole page as a picture under `target/e2e/`.
    async fn take_picture(&self, name: &str) {
        let picture = self.devtools("Page.captureScreenshot", &json!({ "captureBeyondViewport": true })).await;
        let bytes = BASE64.decode(picture["data"].as_str().unwrap().as_bytes()).unwrap();
        let folder = target_dir().join("e2e");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}-{:?}.png", self.width).to_lowercase()), bytes).unwrap();
    }

    #[expect(clippy::unused_self, reason = "reads better as a method beside the others")]
    fn text_of(&self, value: Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}

/// The accessibility checker, as `cargo xtask setup` installs it.
fn axe_source() -> String {
    let pattern = target_dir().join("venv/lib");
    let versions = fs::read_dir(pattern).expect("axe-core is needed: run `cargo xtask setup`");
    let script = |version: fs::DirEntry| version.path().join("site-packages/axe_playwright_python/axe.min.js");
    let path: PathBuf = versions.flatten().map(script).find(|path| path.exists()).expect("axe.min.js is installed");
    fs::read_to_string(path).unwrap()
}
