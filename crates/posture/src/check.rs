//! What a check is.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Sight;

/// Where a check looks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Place {
    /// A site, by its name.
    Site(String),
    /// This program: its settings, its trail, its keys.
    Program,
    /// A database, the program's own or a guarded site's.
    Database,
    /// The machine.
    Host,
}

/// What a check is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// By which it is known from run to run: `site.tems.nosniff`.
    pub id: String,
    /// What should be in force, in a few words.
    pub title: String,
    /// The points of the guides that it stands for, by their ids.
    pub points: Vec<String>,
    /// Where it looks.
    pub place: Place,
    /// Its number among the eight checks of the TEMS guide's own script (section 14).
    pub guide_number: Option<u8>,
}

impl About {
    /// A check with this id, about this, for these points.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>, points: &[&str], place: Place) -> Self {
        let points = points.iter().map(|&id| id.to_owned()).collect();
        Self { id: id.into(), title: title.into(), points, place, guide_number: None }
    }

    /// It is this one of the eight checks of the TEMS guide's script.
    #[must_use]
    pub const fn guide_number(mut self, number: u8) -> Self {
        self.guide_number = Some(number);
        self
    }
}

/// Looks at one thing. A look changes nothing.
#[async_trait]
pub trait Check: Send + Sync {
    /// What it is about.
    fn about(&self) -> &About;

    /// Looks. What takes longer than ten seconds is given up and counts as unseen.
    async fn look(&self) -> Sight;
}

/// A check that a function makes.
pub fn check_by<F, S>(about: About, look: F) -> Arc<dyn Check>
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Future<Output = Sight> + Send + 'static,
{
    Arc::new(ByFunction { about, look })
}

struct ByFunction<F> {
    about: About,
    look: F,
}

#[async_trait]
impl<F, S> Check for ByFunction<F>
where
    F: Fn() -> S + Send + Sync,
    S: Future<Output = Sight> + Send,
{
    fn about(&self) -> &About {
        &self.about
    }

    async fn look(&self) -> Sight {
        (self.look)().await
    }
}
