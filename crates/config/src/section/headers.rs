//! `[headers]`

use serde::{Deserialize, Serialize};

use crate::{reference::section, text::checked_text};

section! {
    /// The security headers on every answer of sites with the preset `strict`; other presets bring their own. A site changes single ones with `headers = { … }`.
    "[headers]" HeadersConfig {
        /// Who may show the pages in a frame: `SAMEORIGIN` or `DENY`. The content security policy's frame-ancestors follows it.
        frame_options: FrameOptions = FrameOptions::SameOrigin,
        /// X-XSS-Protection, for browsers from before 2020; today's ignore it. `1; mode=block` is the guide's value; empty leaves it out.
        xss_protection: HeaderText = HeaderText("1; mode=block".to_owned()),
        /// What a link tells the next site about where the reader came from.
        referrer_policy: ReferrerPolicy = ReferrerPolicy::StrictOriginWhenCrossOrigin,
        /// The content security policy. Empty: the strict one for the built-in pages.
        content_security_policy: HeaderText = HeaderText(String::new()),
        /// A guarded site's own Content-Security-Policy stands, where an answer has one. Otherwise it is replaced.
        keep_content_security_policy: bool = false,
        /// Cross-Origin-Opener-Policy: whether other sites' windows keep a hold of these pages. Empty leaves it out.
        cross_origin_opener_policy: HeaderText = HeaderText("same-origin".to_owned()),
        /// Cross-Origin-Resource-Policy: who may embed these files. Empty leaves it out.
        cross_origin_resource_policy: HeaderText = HeaderText("same-origin".to_owned()),
        /// What a page may use of the device. Empty leaves it out.
        permissions_policy: HeaderText = HeaderText("accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()".to_owned()),
        /// Strict-Transport-Security. Browsers remember it for a year: switch it off before you give the host to something without HTTPS.
        hsts: bool = true,
        /// How long browsers remember it, in seconds.
        hsts_max_age: u32 = 31_536_000,
        /// It holds for all names below this one too.
        hsts_include_subdomains: bool = true,
        /// It may go into the list that browsers ship.
        hsts_preload: bool = true,
    }
}

impl HeadersConfig {
    /// These headers, as changed by a site's overrides.
    #[must_use]
    pub fn with(&self, overrides: &HeaderOverrides) -> Self {
        let own = overrides.clone();
        Self {
            frame_options: own.frame_options.unwrap_or(self.frame_options),
            xss_protection: own.xss_protection.unwrap_or_else(|| self.xss_protection.clone()),
            referrer_policy: own.referrer_policy.unwrap_or(self.referrer_policy),
            content_security_policy: own
                .content_security_policy
                .unwrap_or_else(|| self.content_security_policy.clone()),
            keep_content_security_policy: own.keep_content_security_policy.unwrap_or(self.keep_content_security_policy),
            cross_origin_opener_policy: own
                .cross_origin_opener_policy
                .unwrap_or_else(|| self.cross_origin_opener_policy.clone()),
            cross_origin_resource_policy: own
                .cross_origin_resource_policy
                .unwrap_or_else(|| self.cross_origin_resource_policy.clone()),
            permissions_policy: own.permissions_policy.unwrap_or_else(|| self.permissions_policy.clone()),
            hsts: own.hsts.unwrap_or(self.hsts),
            hsts_max_age: own.hsts_max_age.unwrap_or(self.hsts_max_age),
            hsts_include_subdomains: own.hsts_include_subdomains.unwrap_or(self.hsts_include_subdomains),
            hsts_preload: own.hsts_preload.unwrap_or(self.hsts_preload),
        }
    }

    /// The value of Strict-Transport-Security; `None` where it is switched off.
    #[must_use]
    pub fn hsts_value(&self) -> Option<String> {
        self.hsts.then(|| {
            let subdomains = if self.hsts_include_subdomains { "; includeSubDomains" } else { "" };
            let preload = if self.hsts_preload { "; preload" } else { "" };
            format!("max-age={}{subdomains}{preload}", self.hsts_max_age)
        })
    }
}

/// A site's own values; what is not set is as in `[headers]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderOverrides {
    /// See [`HeadersConfig::frame_options`].
    pub frame_options: Option<FrameOptions>,
    /// See [`HeadersConfig::xss_protection`].
    pub xss_protection: Option<HeaderText>,
    /// See [`HeadersConfig::referrer_policy`].
    pub referrer_policy: Option<ReferrerPolicy>,
    /// See [`HeadersConfig::content_security_policy`].
    pub content_security_policy: Option<HeaderText>,
    /// See [`HeadersConfig::keep_content_security_policy`].
    pub keep_content_security_policy: Option<bool>,
    /// See [`HeadersConfig::cross_origin_opener_policy`].
    pub cross_origin_opener_policy: Option<HeaderText>,
    /// See [`HeadersConfig::cross_origin_resource_policy`].
    pub cross_origin_resource_policy: Option<HeaderText>,
    /// See [`HeadersConfig::permissions_policy`].
    pub permissions_policy: Option<HeaderText>,
    /// See [`HeadersConfig::hsts`].
    pub hsts: Option<bool>,
    /// See [`HeadersConfig::hsts_max_age`].
    pub hsts_max_age: Option<u32>,
    /// See [`HeadersConfig::hsts_include_subdomains`].
    pub hsts_include_subdomains: Option<bool>,
    /// See [`HeadersConfig::hsts_preload`].
    pub hsts_preload: Option<bool>,
}

/// X-Frame-Options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum FrameOptions {
    /// Pages of the same origin.
    #[serde(rename = "SAMEORIGIN")]
    SameOrigin,
    /// Nobody.
    #[serde(rename = "DENY")]
    Deny,
}

impl FrameOptions {
    /// As in X-Frame-Options.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "SAMEORIGIN",
            Self::Deny => "DENY",
        }
    }

    /// The same as a source of frame-ancestors.
    #[must_use]
    pub const fn as_ancestors(self) -> &'static str {
        match self {
            Self::SameOrigin => "'self'",
            Self::Deny => "'none'",
        }
    }
}

macro_rules! referrer_policies {
    ($($name:ident = $text:literal: $doc:literal;)*) => {
        /// Referrer-Policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
        pub enum ReferrerPolicy {
            $(#[doc = $doc] #[serde(rename = $text)] $name,)*
        }

        impl ReferrerPolicy {
            /// As in the header.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

referrer_policies! {
    NoReferrer = "no-referrer": "Nothing.";
    SameOrigin = "same-origin": "The address, within the site only.";
    StrictOrigin = "strict-origin": "The site's name, over HTTPS only.";
    StrictOriginWhenCrossOrigin = "strict-origin-when-cross-origin": "The address within the site, the site's name elsewhere. The guide's value.";
}

/// A text that can stand in a header: printable ASCII, in one line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderText(String);

impl HeaderText {
    /// The text; empty where the header is to be left out.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text of the program's own.
    pub(crate) fn own(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a header's value is printable ASCII in one line\n  Take out line breaks and other letters.")
        }
    }
}

checked_text!(HeaderText, &'static str, |text| text.0);
