//! Checks and a mender that see and do what a test says.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use palisade_base::{Authority, Caller, Error, Scope};
use palisade_posture::{About, Check, Looks, MEND_POSTURE, Mender, Place, Plan, READ_POSTURE, Sight, Step};
use palisade_store::statements;
use palisade_testkit::TestStore;

/// What a check does when it looks.
#[derive(Clone)]
pub(crate) enum Told {
    See(Sight),
    Panic,
    Hang,
}

struct Scripted(About, Told);

#[async_trait]
impl Check for Scripted {
    fn about(&self) -> &About {
        &self.0
    }

    async fn look(&self) -> Sight {
        match &self.1 {
            Told::See(sight) => sight.clone(),
            Told::Panic => panic!("as the test wants it"),
            Told::Hang => std::future::pending().await,
        }
    }
}

/// The checks of the next look, and a file's text that a mender would change to `good`.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) checks: Mutex<Vec<(About, Told)>>,
    pub(crate) text: Arc<Mutex<String>>,
}

impl World {
    pub(crate) fn tell(&self, told: &[(&str, Told)]) {
        let about = |id: &str| About::new(id, format!("the title of {id}"), &["T1.2"], Place::Program);
        *self.checks.lock().unwrap() = told.iter().map(|(id, told)| (about(id), told.clone())).collect();
    }
}

impl Looks for World {
    fn checks(&self) -> Vec<Arc<dyn Check>> {
        let told = self.checks.lock().unwrap().clone();
        told.into_iter().map(|(about, told)| Arc::new(Scripted(about, told)) as Arc<dyn Check>).collect()
    }

    fn menders(&self) -> Vec<Arc<dyn Mender>> {
        vec![Arc::new(OneFile(Arc::clone(&self.text)))]
    }
}

struct OneFile(Arc<Mutex<String>>);

#[async_trait]
impl Mender for OneFile {
    fn name(&self) -> &str {
        "file"
    }

    async fn plan(&self) -> Result<Plan, Error> {
        let text = self.0.lock().unwrap().clone();
        let step = Step { what: "Writes good.".to_owned(), difference: format!("-{text}\n+good") };
        let steps = if text == "good" { Vec::new() } else { vec![step] };
        Ok(Plan { mender: "file".to_owned(), title: "The file".to_owned(), steps })
    }

    async fn apply(&self, _plan: &Plan) -> Result<Vec<String>, Error> {
        "good".clone_into(&mut self.0.lock().unwrap());
        Ok(vec!["Wrote good.".to_owned()])
    }
}

/// Somebody who may see and mend.
pub(crate) fn operator() -> Caller {
    let mut authority = Authority::default();
    authority.allow(READ_POSTURE, Scope::All);
    authority.allow(MEND_POSTURE, Scope::All);
    Caller::operator("ada", authority)
}

/// What the trail says was done, oldest first.
pub(crate) async fn actions(db: &TestStore) -> Vec<String> {
    statements! {
        LEAVES = {
            sqlite: "SELECT action FROM trail_leaf ORDER BY seq",
            postgres: "SELECT action FROM trail_pending ORDER BY arrival",
        };
    }
    let mut conn = db.store.read().await.unwrap();
    let rows = conn.fetch_all(LEAVES.sql()).await.unwrap();
    rows.iter().map(|row| row.get("action").unwrap()).collect()
}
