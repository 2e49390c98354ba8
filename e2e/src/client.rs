//! A client without a browser: sends what it is told, follows nothing, keeps cookies.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName},
    redirect::Policy,
};

use crate::{Account, Palisade, TotpSecret};

/// One client with its cookies.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Client {
    /// A stranger to this site.
    ///
    /// # Panics
    /// The client can't be made.
    #[must_use]
    pub fn stranger(palisade: &Palisade) -> Self {
        Self::with_headers(palisade, HeaderMap::new())
    }

    /// A program that shows this API key with every request.
    ///
    /// # Panics
    /// The key can't stand in a header.
    #[must_use]
    pub fn with_key(palisade: &Palisade, key: &str) -> Self {
        Self::with_headers(
            palisade,
            HeaderMap::from_iter([(HeaderName::from_static("x-api-key"), key.parse().unwrap())]),
        )
    }

    fn with_headers(palisade: &Palisade, headers: HeaderMap) -> Self {
        let http = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .cookie_store(true)
            .redirect(Policy::none())
            .default_headers(headers)
            .build()
            .unwrap();
        Self { http, base: palisade.url.clone() }
    }

    /// Somebody who opened the one-time link of this account.
    ///
    /// # Panics
    /// The link does not sign in.
    pub async fn signed_in(palisade: &Palisade, account: &Account) -> Self {
        let client = Self::stranger(palisade);
        let answer = client.get(client.path_of(&account.link)).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        client
    }

    /// Makes an API key that may do all that its owner may.
    ///
    /// # Panics
    /// The page does not give one.
    pub async fn make_key(&self, secret: &TotpSecret) -> String {
        let page = self.get("/account/keys/new").await;
        let boxes = page.text.split("<input").filter(|input| input.contains("name=\"permissions\""));
        let permissions: Vec<&str> =
            boxes.filter_map(|input| input.split_once("value=\"")?.1.split('"').next()).collect();
        assert!(!permissions.is_empty(), "{}", page.text);
        let code = secret.next_code().await;
        let mut fields = vec![("name", "test"), ("valid_days", "1"), ("proof", code.as_str())];
        fields.extend(permissions.iter().map(|permission| ("permissions", *permission)));
        let made = self.post_form("/account/keys/new", "/account/keys/new", &fields).await;
        let (_, rest) = made.text.split_once("plk_").unwrap_or_else(|| panic!("{}: {}", made.status, made.text));
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        format!("plk_{}", &rest[..end])
    }

    /// The path of an address of this site.
    fn path_of<'a>(&self, url: &'a str) -> &'a str {
        url.strip_prefix(self.base.as_str()).unwrap_or(url)
    }

    /// Asks for a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, |request| request).await
    }

    /// Sends a request that `shape` completes.
    ///
    /// # Panics
    /// There is no answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        shape: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let answer = shape(request).send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    }

    /// Sends a form as the site's own page at `page` would, with the token from there.
    ///
    /// # Panics
    /// The page has no form.
    pub async fn post_form(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.get(page).await;
        let token = shown.form_token().unwrap_or_else(|| panic!("{page} has no form:\n{}", shown.text));
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("_csrf", token)]).collect();
        let origin = self.base.clone();
        self.send(Method::POST, path, |request| request.header("origin", origin).form(&fields)).await
    }

    /// Sends JSON as a script of the site's own page at `page` would, with the token from there.
    ///
    /// # Panics
    /// The page has no form.
    pub async fn post_json(&self, page: &str, path: &str, body: &serde_json::Value) -> Answer {
        let shown = self.get(page).await;
        let token = shown.form_token().unwrap_or_else(|| panic!("{page} has no form:\n{}", shown.text));
        let origin = self.base.clone();
        self.send(Method::POST, path, |request| {
            request.header("origin", origin).header("x-csrf-token", token).json(body)
        })
        .await
    }
}

impl Answer {
    /// The token of the page's forms.
    #[must_use]
    pub fn form_token(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("name=\"_csrf\"")?;
        let (_, value) = rest.split_once("value=\"")?;
        value.split('"').next()
    }

    /// A header's value; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }
}
