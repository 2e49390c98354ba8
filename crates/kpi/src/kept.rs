//! Answers that are kept until something changes.

use std::sync::{Arc, Mutex, PoisonError};

use palisade_base::{Authority, Caller, Error, PersonId};
use palisade_store::LastChange;

/// The most answers that are kept at one time.
const MOST: usize = 128;

/// What the database answered to whom, as of one point in the sequence of changes: the same question by the same person
/// with the same permissions has the same answer until the next change. Cheap to clone.
///
/// It saves the database work, and nothing else: that somebody looked is traced by who shows the answer, each time.
pub(crate) struct Kept<Q, A>(Arc<Mutex<Vec<Entry<Q, A>>>>);

struct Entry<Q, A> {
    as_of: LastChange,
    person: Option<PersonId>,
    authority: Arc<Authority>,
    question: Q,
    answer: Arc<A>,
}

impl<Q, A> Clone for Kept<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q, A> Default for Kept<Q, A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<Q: PartialEq, A> Kept<Q, A> {
    /// The answer to this question; `find` is asked where it is not known yet. `as_of` must have been asked for before
    /// this call, so that what `find` reads is as new as that or newer.
    ///
    /// # Errors
    /// Those of `find`; nothing is kept then.
    pub(crate) async fn get(
        &self,
        as_of: LastChange,
        caller: &Caller,
        question: Q,
        find: impl Future<Output = Result<A, Error>>,
    ) -> Result<Arc<A>, Error> {
        if let Some(answer) = self.known(as_of, caller, &question) {
            return Ok(answer);
        }
        let answer = Arc::new(find.await?);
        let (person, authority) = (caller.person, Arc::clone(&caller.authority));
        let entry = Entry { as_of, person, authority, question, answer: Arc::clone(&answer) };
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.as_of >= as_of);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.push(entry);
        Ok(answer)
    }

    fn known(&self, as_of: LastChange, caller: &Caller, question: &Q) -> Option<Arc<A>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = entries.iter().find(|entry| {
            entry.as_of == as_of
                && entry.person == caller.person
                && entry.question == *question
                && entry.authority == caller.authority
        });
        known.map(|entry| Arc::clone(&entry.answer))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use palisade_base::{Origin, Permission, Scope};
    use palisade_testkit::TestEnv;

    use super::*;

    fn caller(person: Option<PersonId>, scope: Scope) -> Caller {
        let authority = Authority::from_iter([(Permission::new("kpi.standing.read"), scope)]);
        Caller { person, authority: Arc::new(authority), ..Caller::anonymous(Origin::default()) }
    }

    /// Asks, and says what was answered and how often the database was asked until then.
    async fn ask(kept: &Kept<u8, u32>, asked: &Cell<u32>, as_of: LastChange, caller: &Caller, question: u8) -> u32 {
        let find = async {
            asked.set(asked.get() + 1);
            Ok(asked.get())
        };
        *kept.get(as_of, caller, question, find).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_the_same_person_question_and_point_only() {
        let env = TestEnv::default().env;
        let (ann, bob) = (Some(PersonId::new(&env)), Some(PersonId::new(&env)));
        let [first, second] = [1, 2].map(LastChange::numbered);
        let (kept, asked) = (Kept::default(), Cell::new(0));
        assert_eq!(ask(&kept, &asked, first, &caller(ann, Scope::All), 7).await, 1);
        assert_eq!(ask(&kept, &asked, first, &caller(ann, Scope::All), 7).await, 1);
        assert_eq!(ask(&kept, &asked, first, &caller(ann, Scope::All), 8).await, 2);
        assert_eq!(ask(&kept, &asked, first, &caller(bob, Scope::All), 7).await, 3);
        assert_eq!(ask(&kept, &asked, first, &caller(ann, Scope::Team), 7).await, 4);
        assert_eq!(ask(&kept, &asked, second, &caller(ann, Scope::All), 7).await, 5);
        assert_eq!(ask(&kept, &asked, second, &caller(ann, Scope::All), 7).await, 5);
    }
}
